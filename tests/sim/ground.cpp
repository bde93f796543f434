#include "tests/sim/ground.hpp"

#include <algorithm>
#include <utility>

namespace gk::sim {
namespace {

using Process = Seen::Process;
using namespace std::chrono_literals;

std::unexpected<RuntimeError> no(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

bool restores(const server::Record& record) {
    return record.request && (record.request->verb == server::Verb::restore || record.request->verb == server::Verb::restore_undo);
}

}  // namespace

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
    auto x = a ^ (b + 0x9e3779b97f4a7c15U + (a << 6) + (a >> 2));
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    return x ^ (x >> 27);
}

std::string text_of(const std::map<std::string, Value>& settings) {
    std::string text;
    for (const auto& [name, value] : settings) text += name + "=" + to_json(value) + "\n";
    return text;
}

Ground::Ground(std::uint64_t seed, Plant defect) : plant(defect), fault_dice(seed, 1), game_dice(seed, 2) {
    Dice family(seed, 3);
    faults = Faults::for_seed(family);
}

std::optional<server::Record> Ground::record(ServerUid uid) const {
    const auto at = state->servers.find(uid);
    return at == state->servers.end() ? std::nullopt : std::optional(at->second);
}

std::vector<vault::Snapshot> Ground::snapshots(ServerUid uid) const {
    std::vector<vault::Snapshot> found;
    for (const auto& [id, snapshot] : state->snapshots) {
        if (snapshot.server == uid) found.push_back(snapshot);
    }
    std::ranges::sort(found, std::greater(), &vault::Snapshot::sequence);
    return found;
}

void Ground::breach(std::string text) {
    if (!breach_.empty()) return;
    note("BREACH " + text);
    breach_ = std::move(text);
}

Ground::Effect Ground::receive(const Letter& letter) {
    if (auto admitted = admit(letter.what, letter.uid, letter.epoch); !admitted) return admitted;
    return letter.act(*this, letter.uid);
}

void Ground::deliver(std::uint64_t life) {
    for (std::size_t i = 0; i < letters_.size();) {
        if (letters_[i].life != life) {
            ++i;
            continue;
        }
        const auto letter = std::move(letters_[i]);
        letters_.erase(letters_.begin() + static_cast<std::ptrdiff_t>(i));
        std::ignore = receive(letter);
        check();
    }
}

// I2: the receiver refuses an old epoch, so an effect that comes through must carry the highest.
Ground::Effect Ground::admit(const char* what, ServerUid uid, Epoch epoch) {
    note(what, uid, std::to_underlying(epoch));
    if (epoch < highest_ && plant != Plant::drop_epoch) return no(RuntimeError::Kind::refused, "a newer keeper is at work");
    if (epoch < highest_ || epoch < fenced_) breach(fmt::format("I2: {} of an old epoch took effect", what));
    highest_ = std::max(highest_, epoch);
    return Success{};
}

void Ground::check_writer(const char* what, Epoch epoch) {
    if (epoch < state->epoch) breach(fmt::format("I2: {} of an old epoch took effect", what));
}

Ground::Effect Ground::fence(Epoch epoch) {
    if (plant == Plant::fence_does_nothing) {
        fenced_ = std::max(fenced_, epoch);
        return Success{};
    }
    const auto admitted = admit("fence", {}, epoch);
    if (admitted) fenced_ = epoch;
    return admitted;
}

// Somebody is there a third of the time, for five seconds at a time.
std::optional<int> Ground::players_of(ServerUid uid) const {
    if (guests != nullptr) return guests->counted(uid);
    const auto turn = static_cast<std::uint64_t>(now.time_since_epoch() / 5s) + std::hash<ServerUid>()(uid);
    return turn % 3 == 0 ? 1 : 0;
}

Seen Ground::observe(ServerUid uid) {
    auto& cell = cells[uid];
    cell.told = true;
    Seen seen;
    seen.disk = cell.disk ? Seen::Disk::present : Seen::Disk::absent;
    seen.staged = cell.staged;
    seen.process = cell.process;
    seen.exit = cell.exit;
    seen.started_at = cell.started_at;
    seen.quiesced = cell.quiesced;
    if (cell.process == Process::ready) seen.players.online = players_of(uid);
    if (plant == Plant::stop_lies && cell.process == Process::stopping) seen.process = Process::exited;
    if (plant == Plant::stop_does_not_wait && cell.process == Process::stopping) seen.process = Process::gone;
    if (plant == Plant::blind_to_starting && cell.process == Process::starting) seen.process = Process::gone;
    if (plant == Plant::early_ready && cell.process == Process::gone && cell.disk) seen.process = Process::ready;
    return seen;
}

Ground::Effect Ground::create_disk(ServerUid uid) {
    auto& cell = cells[uid];
    if (cell.disk) return Success{};
    if (fault_dice.chance(faults.no_room)) return no(RuntimeError::Kind::exhausted, "no room");
    cell.disk = true;
    cell.live = cell.saved = cell.synced = Content();
    return Success{};
}

bool Ground::is_proven(ServerUid uid, const Content& content) const {
    const auto stored = vault.find(uid);
    if (stored == vault.end()) return false;
    return std::ranges::any_of(state->snapshots, [&](const auto& entry) {
        const auto& it = entry.second;
        if (it.server != uid || it.status != vault::SnapshotStatus::complete) return false;
        const auto at = stored->second.find(it.engine_id);
        return at != stored->second.end() && at->second.content == content && !at->second.spoiled;
    });
}

// What players have done is on this disk, and nobody has given it away by name.
bool Ground::is_needed(ServerUid uid, const Cell& cell) const {
    const auto truth = truths.find(uid);
    return cell.disk && truth != truths.end() && !truth->second.waived && truth->second.accepts(cell.live);
}

Ground::Effect Ground::free_disk(ServerUid uid) {
    auto& cell = cells[uid];
    if (!cell.disk) return Success{};
    if (cell.alive()) return no(RuntimeError::Kind::unavailable, "the disk is in use");
    const auto known = record(uid);
    if (is_needed(uid, cell) && !is_proven(uid, cell.live)) breach("P8: disk freed without a proven snapshot of what is on it");
    if (known && known->phase != server::Phase::cleanup) breach("I9: disk freed outside cleanup");
    if (plant == Plant::disk_left_behind) return Success{};
    cell.disk = false;
    cell.live = cell.saved = cell.synced = Content();
    return Success{};
}

Ground::Effect Ground::stage_disk(ServerUid uid) {
    if (fault_dice.chance(faults.no_room)) return no(RuntimeError::Kind::exhausted, "no room");
    cells[uid].staged = true;
    cells[uid].stage = Content();
    return Success{};
}

Ground::Effect Ground::commit_staged(ServerUid uid) {
    auto& cell = cells[uid];
    if (!cell.staged) return no(RuntimeError::Kind::not_found, "nothing is staged");
    if (cell.alive()) {
        // The machine refuses; a keeper that has seen the game does not even ask.
        if (cell.told) breach("I1: the world was to be switched under a running game");
        return no(RuntimeError::Kind::unavailable, "it runs");
    }
    if (!cell.stage.whole) breach("P7: half a world became the live one");
    const auto known = record(uid);
    auto& truth = truths[uid];
    if (known && restores(*known) && known->phase == server::Phase::restoring_files) {
        // The asked past replaces the present, which a snapshot keeps.
        if (cell.disk && cell.live.whole && !truth.waived && !is_proven(uid, cell.live)) breach("P7: the world before the restore was not saved");
        truth.undone = std::exchange(truth.world, cell.stage);
    }
    cell.live = std::exchange(cell.stage, Content());
    save(cell, Plant::commit_does_not_sync);
    cell.settings_file = "of another time";
    cell.staged = false;
    cell.disk = true;
    return Success{};
}

Ground::Effect Ground::discard_staged(ServerUid uid) {
    cells[uid].staged = false;
    return Success{};
}

Ground::Effect Ground::launch(ServerUid uid, const std::string& settings) {
    auto& cell = cells[uid];
    // The machine would bear it; the keeper sees what is up before it starts anything.
    if (cell.alive() && cell.told) breach("I4: a second start of a game that is up");
    if (cell.alive()) return Success{};
    if (!cell.disk) return no(RuntimeError::Kind::invalid, "there is no disk");
    if (!cell.live.whole) breach("P7: a game was started on an incomplete world");
    if (settings != cell.settings_file) breach("I11: a game was started with the files of other settings");
    auto& truth = truths[uid];
    if (!truth.world) truth.world = cell.live;
    if (!truth.waived && !truth.accepts(cell.live)) breach("P7: a game was started on another world than the players left");
    if (!truth.waived) truth.is(cell.live);
    check_tries(uid);
    cell.process = Process::starting;
    cell.run = ++runs_;
    cell.told = false;
    cell.stray = false;
    cell.started_with = settings;
    cell.exit.reset();
    cell.quiesced = false;
    cell.started_at = now;
    const auto [loops, is_new] = loops_.try_emplace(uid, false);
    if (is_new) loops->second = game_dice.chance(faults.crash_loop);
    const bool crashes = loops->second || game_dice.chance(faults.start_crash);
    cell.next = crashes ? Cell::Next::crash : Cell::Next::ready;
    cell.next_at = now + (game_dice.chance(faults.start_hangs) ? 10min : game_dice.between(500ms, 8s));
    return Success{};
}

// R20: growing pauses between the tries that nobody asked for, and an end of them.
void Ground::check_tries(ServerUid uid) {
    const auto known = record(uid);
    if (!known || known->crashes.empty()) return;
    const auto last = known->crashes.back();
    if (known->request && known->request->asked_at >= last) return;
    const server::Limits limits;
    if (known->crashes.size() >= crashes_max) breach("R20: a game that crashes again and again was started once more");
    const auto pause = server::back_off(static_cast<std::uint32_t>(known->crashes.size()), limits);
    if (now < last + pause) breach("R20: started again before its back-off was over");
}

// I7: a game that is up goes down only for a reason that is stored.
void Ground::check_stop(const char* what, ServerUid uid, const Cell& cell) {
    if (!cell.alive()) return;
    const auto known = record(uid);
    if (!known) return;
    if (guests != nullptr && cell.process != Process::stopping) guests->game_is_stopped(uid);
    count_stop(*known, cell);
    using enum server::Phase;
    switch (known->phase) {
    case deploying:
    case starting:
    case address_allocation:
    case running:
        // The step was decided before a request moved the record on; what it meant to end is the same process.
        breach(fmt::format("I7: {} while the record says {}", what, name_of(known->phase)));
        break;
    default: break;
    }
}

// I4: an operation ends one game at most. One that never became ready is no game yet, so a start may kill it and try again; one that
// was started by hand is ended whoever asked for what.
void Ground::count_stop(const server::Record& record, const Cell& cell) {
    if (!record.request || record.phase == server::Phase::failed || cell.stray) return;
    const auto run = stopped_runs_.try_emplace(record.request->operation, cell.run).first->second;
    if (run != cell.run) breach("I4: an operation stopped a second game");
}

Ground::Effect Ground::stop(ServerUid uid) {
    if (plant == Plant::stop_hits_another) uid = std::prev(cells.end())->first;
    auto& cell = cells[uid];
    if (!cell.alive() || cell.process == Process::stopping) return Success{};
    check_stop("stop", uid, cell);
    cell.process = Process::stopping;
    cell.next = Cell::Next::end;
    cell.next_at = now + (game_dice.chance(faults.ignores_stop) ? Milliseconds(30s) : game_dice.between(50ms, 4s));
    return Success{};
}

Ground::Effect Ground::kill(ServerUid uid) {
    auto& cell = cells[uid];
    if (!cell.alive()) return Success{};
    check_stop("kill", uid, cell);
    end(uid, cell, server::ExitCause::asked);
    return Success{};
}

Ground::Effect Ground::clean(ServerUid uid) {
    auto& cell = cells[uid];
    if (cell.alive()) return no(RuntimeError::Kind::unavailable, "it runs");
    cell.process = Process::gone;
    cell.exit.reset();
    cell.started_at.reset();
    if (plant == Plant::clean_frees_disk) cell.disk = false;
    return Success{};
}

Ground::Effect Ground::forget(ServerUid uid) {
    auto& cell = cells[uid];
    if (cell.alive()) return no(RuntimeError::Kind::unavailable, "it runs");
    if (is_needed(uid, cell) && !is_proven(uid, cell.live)) breach("P8: a world was forgotten without a proven snapshot");
    cells.erase(uid);
    return Success{};
}

Ground::Effect Ground::quiesce(ServerUid uid) {
    auto& cell = cells[uid];
    if (cell.process != Process::ready) return no(RuntimeError::Kind::unavailable, "it does not run");
    cell.quiesced = true;
    return Success{};
}
Ground::Effect Ground::resume(ServerUid uid) {
    if (plant != Plant::no_resume) cells[uid].quiesced = false;
    return Success{};
}

// I6: what a client wants typed once is typed once.
Result<std::string, RuntimeError> Ground::type(ServerUid uid, const std::string& line) {
    if (cells[uid].process != Process::ready) return no(RuntimeError::Kind::unavailable, "it does not run");
    typed_[line] += plant == Plant::command_typed_twice ? 2 : 1;
    if (line.starts_with("once") && typed_[line] > 1) breach("I6: a command was typed twice");
    return "done";
}

void Ground::write_defaults(ServerUid uid) {
    auto& cell = cells[uid];
    if (cell.alive()) breach("I1: files were written under a running game");
    auto& truth = truths[uid];
    if (truth.world && !truth.waived) breach("P8: defaults were created in the place of a world that exists");
    cell.live = cell.saved = cell.synced = Content{.mark = mixed(uid.bits()[0], 1), .whole = true};
    truth = Truth();  // Nobody has played in it yet, so nothing would be lost with it.
}

void Ground::write_settings(ServerUid uid, std::string settings) {
    auto& cell = cells[uid];
    if (cell.alive()) breach("I1: files were written under a running game");
    if (plant == Plant::settings_written_once && !cell.settings_file.empty()) return;
    cell.settings_file = std::move(settings);
}

void Ground::save(Cell& cell, Plant unless) const {
    cell.saved = cell.live;
    if (plant != unless) cell.synced = cell.live;
}

void Ground::sync_world(ServerUid uid) { save(cells[uid], Plant::save_does_not_sync); }

// I8: a server keeps its ports until nothing is left of it.
void Ground::release_ports(ServerUid uid) {
    const auto known = record(uid);
    if (known && known->phase != server::Phase::deleting) breach("I8: a server has lost its ports");
    const auto cell = cells.find(uid);
    if (cell != cells.end() && cell->second.alive()) breach("I8: ports were released while their game is up");
}

TakenSnapshot Ground::keep(const SnapshotOrder& order, const Cell& before) {
    const auto& cell = cells[order.server];
    const auto engine = fmt::format("e{}", ++engines_);
    StoredSnapshot stored{.id = order.id, .content = cell.live, .consistency = order.consistency, .trigger = order.trigger, .created_at = now};
    stored.torn = (before.alive() && !before.quiesced) || (cell.alive() && !cell.quiesced) || before.live != cell.live;
    stored.spoiled = fault_dice.chance(faults.spoiled_snapshot);
    auto& repository = vault[order.server];
    if (plant == Plant::stale_snapshot && !repository.empty()) stored.content = repository.begin()->second.content;
    repository.emplace(engine, stored);
    return {.engine_id = engine, .bytes = 1000, .files = 10};
}

const std::string* Ground::engine_of(ServerUid uid, SnapshotId id) const {
    const auto repository = vault.find(uid);
    if (repository == vault.end()) return nullptr;
    const auto at = std::ranges::find_if(repository->second, [&](const auto& it) { return it.second.id == id; });
    return at == repository->second.end() ? nullptr : &at->first;
}

// I13: the newest proven snapshot stays, and what the record names, and what is young.
void Ground::prune(ServerUid uid, std::vector<std::string> engines) {
    auto& repository = vault[uid];
    const auto goes = [&](const vault::Snapshot& it) { return std::ranges::find(engines, it.engine_id) != engines.end(); };
    const auto is_good = [&](const vault::Snapshot& it) {
        const auto at = repository.find(it.engine_id);
        return at != repository.end() && !at->second.spoiled && (it.status == vault::SnapshotStatus::complete || goes(it)) && proven_.contains(it.id);
    };
    const auto all = snapshots(uid);
    const auto newest = std::ranges::find_if(all, is_good);
    if (plant == Plant::newest_pruned && newest != all.end()) engines.push_back(newest->engine_id);
    if (newest != all.end() && goes(*newest)) breach("I13: the newest proven snapshot was pruned");
    const auto known = record(uid);
    for (const auto& it : all) {
        if (!goes(it) || !is_good(it)) continue;
        if (now - it.created_at < youngest_to_prune) breach("I13: a snapshot was pruned before its time");
        if (known && (known->undo == it.id || known->last_snapshot == it.id)) breach("I13: a snapshot was pruned that its server names");
    }
    for (const auto& engine : engines) repository.erase(engine);
}

// P8: backups go as a whole when somebody says so by name, or when the time of a deleted world is over.
void Ground::remove_repository(ServerUid uid) {
    const auto kept = state->kept_worlds.find(uid);
    const bool is_over = kept != state->kept_worlds.end() && kept->second.deleted_at + keep_deleted <= now;
    const auto known = record(uid);
    const bool asked = known && known->request && known->request->purge;
    const auto truth = truths.find(uid);
    const bool matters = truth != truths.end() && truth->second.world && !truth->second.waived;
    if (known && !asked) breach("P8: the backups of a server were removed that nobody asked to purge");
    if (!known && matters && !is_over) breach("P8: the backups of a deleted server were removed before their time");
    truths[uid].waived = true;
    vault.erase(uid);
}

}  // namespace gk::sim
