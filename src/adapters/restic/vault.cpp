#include "adapters/restic/vault.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "adapters/restic/output.hpp"
#include "base/log.hpp"
#include "base/value.hpp"
#include "net/json/json.hpp"

namespace gk::restic {
namespace {

constexpr std::string_view record_file = "record.json";

std::unexpected<VaultError> error(VaultError::Kind kind, std::string detail) { return std::unexpected(VaultError{kind, std::move(detail)}); }

// restic matches a pattern against the whole path of a file, of which we know only what is below "data". Anchored there, no pattern can match
// a folder above the world and so leave all of it out.
std::string anchored(std::string_view pattern) {
    if (pattern.starts_with('/')) return fmt::format("data{}", pattern);
    if (pattern.find('/') != std::string_view::npos) return fmt::format("data/{}", pattern);
    return fmt::format("data/**/{}", pattern);
}

Names difference(const Names& all, const Names& without) {
    Names left;
    std::ranges::set_difference(all, without, std::inserter(left, left.end()));
    return left;
}

std::vector<std::string> backup_arguments(const SnapshotOrder& order) {
    std::vector<std::string> arguments{"backup", "--json", "--quiet", "--host", "gamekeeper"};
    for (const auto& tag : tags_of(order)) arguments.insert(arguments.end(), {"--tag", tag});
    for (const auto& pattern : order.excludes) arguments.insert(arguments.end(), {"--exclude", anchored(pattern)});
    arguments.insert(arguments.end(), {"data", "record"});
    return arguments;
}

constexpr const char* spare = ".spare";

}  // namespace

ResticVault::ResticVault(Workbench& bench, std::unique_ptr<Place> place, ResticOptions options)
    : bench_(bench),
      place_(std::move(place)),
      options_(std::move(options)),
      engine_(bench, *place_, options_.password, options_.recovery_key, options_.runs_max) {}

ResticVault::~ResticVault() = default;

// --- Repositories

ResticVault::Answer<Success> ResticVault::make_spare() {
    const std::string building = ".spare.new";
    CO_TRY_OK(co_await place_->clear(building));
    Call init{.server = {}, .repository = building, .access = Call::Access::write, .arguments = {"init", "--quiet"}};
    CO_TRY_OK(co_await engine_.run_well(std::move(init)));
    CO_TRY(keys, co_await place_->list(building, "keys"));
    Journal journal;
    if (!keys.empty()) journal.set_key(*keys.begin());
    const ServerUid nobody;
    const Epoch any{};
    if (engine_.has_recovery_key()) CO_TRY_OK(co_await engine_.add_recovery_key(nobody, building, any));
    CO_TRY_OK(co_await keep_journal(building, journal));
    co_return co_await place_->move(building, spare);
}

ResticVault::Answer<Success> ResticVault::prepare_spare() {
    const auto pass = co_await spare_.enter();
    CO_TRY(state, co_await place_->state_of(spare));
    if (state == Place::State::present) co_return Success{};
    co_return co_await make_spare();
}

// Moved into its place when both keys are in, so that there is never a repository without the recovery key.
ResticVault::Answer<Success> ResticVault::open(ServerUid server) {
    const auto repository = server.text();
    CO_TRY(state, co_await place_->state_of(repository));
    if (state == Place::State::present) co_return Success{};
    if (state == Place::State::headless) {
        co_return error(VaultError::Kind::corrupt,
                        fmt::format("{} has lost its file `config`; put it back, or move the folder away so that a new repository is begun",
                                    place_->text(repository)));
    }
    CO_TRY_OK(co_await prepare_spare());
    const auto pass = co_await spare_.enter();
    CO_TRY(spared, co_await place_->state_of(spare));
    if (spared != Place::State::present) CO_TRY_OK(co_await make_spare());  // Another server has just taken the one we prepared.
    co_return co_await place_->move(spare, repository);
}

ResticVault::Answer<Success> ResticVault::mend(ServerUid server, Epoch epoch) {
    const auto repository = server.text();
    CO_TRY(moved, co_await place_->move_damaged(repository));
    // Our own key comes back by the recovery key, as on a new installation; the recovery key by ours.
    CO_TRY(keys, co_await place_->list(repository, "keys"));
    CO_TRY(journal, co_await journal_of(repository));
    const bool lost_recovery = keys.size() < 2 && !moved.contains(journal.key());
    if (lost_recovery && engine_.has_recovery_key()) CO_TRY_OK(co_await engine_.add_recovery_key(server, repository, epoch));
    Call count{.server = server, .epoch = epoch, .repository = repository, .access = Call::Access::write, .arguments = {"rebuild-index", "--quiet"}};
    CO_TRY_OK(co_await engine_.run_well(std::move(count)));
    log::error("vault", "damaged repository was mended; older snapshots may have lost files",
               {{"server", server}, {"moved", moved.size()}, {"to", place_->text(repository + ".damaged")}});
    damaged_.erase(server);
    co_return Success{};
}

ResticVault::Answer<std::vector<ServerUid>> ResticVault::repositories() {
    CO_TRY(names, co_await place_->repositories());
    std::vector<ServerUid> found;
    for (const auto& name : names) {
        if (const auto uid = ServerUid::parse(name)) found.push_back(*uid);
    }
    std::ranges::sort(found);
    co_return found;
}

ResticVault::Answer<Success> ResticVault::remove_repository(ServerUid server, Epoch epoch) {
    const auto pass = co_await turnstile_of(server).enter();
    CO_TRY_OK(co_await journal_under(server.text(), epoch));
    co_return co_await place_->remove(server.text());
}

ResticVault::Answer<Success> ResticVault::probe() { return place_->probe(); }

// --- Snapshots

ResticVault::Answer<TakenSnapshot> ResticVault::take(SnapshotOrder order) {
    const auto pass = co_await turnstile_of(order.server).enter();
    CO_TRY_OK(co_await open(order.server));
    const auto repository = order.server.text();
    CO_TRY(journal, co_await journal_under(repository, order.epoch));
    if (const auto taken = journal.taken(order.id)) {
        const auto found = co_await find_snapshot(order.server, taken->engine_id);
        if (found) co_return *taken;
        if (found.error().kind != VaultError::Kind::not_found) co_return std::unexpected(found.error());
    }
    // Begun and not known to be finished: there may be a snapshot, but nobody knows whether restic could read every file. It is made again,
    // which is cheap: what is stored already is not stored twice.
    if (journal.known(order.id) == Journal::Known::begun) CO_TRY_OK(co_await drop_unfinished(order, std::string()));
    if (damaged_.contains(order.server)) CO_TRY_OK(co_await mend(order.server, order.epoch));

    const auto id = order.id;
    const auto epoch = order.epoch;
    journal.begin(id);
    CO_TRY_OK(co_await keep_journal(repository, journal));
    CO_TRY(taken, co_await back_up(std::move(order)));
    // Read again: a backup takes hours, and a newer keeper may have written there.
    CO_TRY(afterwards, co_await journal_under(repository, epoch));
    afterwards.finish(id, taken);
    CO_TRY_OK(co_await keep_journal(repository, afterwards));
    co_return taken;
}

ResticVault::Answer<TakenSnapshot> ResticVault::back_up(SnapshotOrder order) {
    const auto repository = order.server.text();
    const auto record = to_json(order.record);
    CO_TRY(packs_before, co_await place_->list(repository, "data"));
    CO_TRY(snapshots_before, co_await place_->list(repository, "snapshots"));
    CO_TRY(ended, co_await run_backup(order, record));

    auto taken = co_await taken_from(ended, order.server, record.size());
    // restic keeps what it could read as a snapshot; one that lacks files must not be found by anybody later.
    CO_TRY(snapshots, co_await place_->list(repository, "snapshots"));
    auto others = difference(snapshots, snapshots_before);
    if (taken) others.erase(taken->engine_id);
    auto keep = taken ? taken->engine_id : std::string();
    if (!others.empty()) CO_TRY_OK(co_await drop_unfinished(order, std::move(keep)));
    if (!taken) co_return std::unexpected(std::move(taken).error());
    CO_TRY(packs, co_await place_->list(repository, "data"));
    added_[taken->engine_id] = difference(packs, packs_before);
    co_return std::move(*taken);
}

ResticVault::Answer<Success> ResticVault::find_snapshot(ServerUid server, std::string engine_id) {
    const auto repository = server.text();
    CO_TRY(names, co_await place_->list(repository, "snapshots"));
    if (names.contains(engine_id)) co_return Success{};
    co_return error(VaultError::Kind::not_found, fmt::format("there is no snapshot {} in {}", engine_id, place_->text(repository)));
}

// What one finished `restic backup` has made.
ResticVault::Answer<TakenSnapshot> ResticVault::taken_from(const Workbench::Ended& ended, ServerUid server, std::size_t record_size) {
    if (ended.code == 3) co_return error(VaultError::Kind::unreadable, fmt::format("some files of the world could not be read: {}", ended.errors));
    if (ended.code != 0) co_return std::unexpected(failure_of(ended));
    if (ended.errors.find("does not exist, skipping") != std::string::npos)
        co_return error(VaultError::Kind::unreadable, "the world's folder is not there: " + ended.errors);
    const auto summary = parse_summary(ended.output);
    if (!summary) co_return error(VaultError::Kind::unavailable, "restic did not say which snapshot it made: " + ended.output);
    CO_TRY(names, co_await place_->list(server.text(), "snapshots"));
    const auto name = names.lower_bound(summary->short_id);
    if (name == names.end() || !name->starts_with(summary->short_id)) {
        co_return error(VaultError::Kind::corrupt,
                        fmt::format("the snapshot {} that restic has made is not in {}", summary->short_id, place_->text(server.text())));
    }
    co_return TakenSnapshot{.engine_id = *name, .bytes = summary->bytes - static_cast<std::int64_t>(record_size), .files = summary->files - 1};
}

ResticVault::Answer<Workbench::Ended> ResticVault::run_backup(const SnapshotOrder& order, std::string record) {
    Call call{.server = order.server,
              .epoch = order.epoch,
              .repository = order.server.text(),
              .access = Call::Access::write,
              .arguments = backup_arguments(order)};
    call.world = WorldDisk::live;
    call.extra_files[std::string(record_file)] = std::move(record);
    CO_TRY(ended, co_await engine_.run(call));
    if (ended.code != 3) co_return std::move(ended);
    // Files that cannot be read, or an older snapshot, to which restic compares, that has lost its own: without it the answer is certain.
    call.arguments.emplace_back("--force");
    co_return co_await engine_.run(std::move(call));
}

ResticVault::Answer<std::vector<VaultEntry>> ResticVault::list_now(ServerUid server) {
    Call call{.server = server, .repository = server.text(), .arguments = {"snapshots", "--json"}};
    CO_TRY(ended, co_await engine_.run_well(std::move(call)));
    auto entries = parse_snapshots(ended.output);
    if (!entries) co_return error(VaultError::Kind::unavailable, "restic's list of snapshots is not understood: " + ended.output.substr(0, 200));
    co_return std::move(*entries);
}

ResticVault::Answer<std::vector<VaultEntry>> ResticVault::list(ServerUid server) {
    const auto repository = server.text();
    CO_TRY(state, co_await place_->state_of(repository));
    if (state == Place::State::absent) co_return std::vector<VaultEntry>{};
    const auto pass = co_await turnstile_of(server).enter();
    CO_TRY(entries, co_await list_now(server));
    // One that was begun and never finished may lack files that could not be read; nobody may take it for a backup.
    CO_TRY(journal, co_await journal_of(repository));
    std::erase_if(entries, [&](const VaultEntry& entry) { return journal.known(entry.id) == Journal::Known::begun; });
    co_return std::move(entries);
}

ResticVault::Answer<Success> ResticVault::drop_unfinished(const SnapshotOrder& order, std::string keep) {
    CO_TRY(entries, co_await list_now(order.server));
    std::vector<std::string> ours;
    for (const auto& entry : entries) {
        if (entry.id == order.id && entry.engine_id != keep) ours.push_back(entry.engine_id);
    }
    if (ours.empty()) co_return Success{};
    co_return co_await drop(order.server, std::move(ours), order.epoch);
}

ResticVault::Answer<Success> ResticVault::drop(ServerUid server, std::vector<std::string> engine_ids, Epoch epoch) {
    Call call{.server = server, .epoch = epoch, .repository = server.text(), .access = Call::Access::write, .arguments = {"forget", "--quiet"}};
    call.arguments.insert(call.arguments.end(), engine_ids.begin(), engine_ids.end());
    CO_TRY_OK(co_await engine_.run_well(std::move(call)));
    co_return Success{};
}

ResticVault::Answer<Success> ResticVault::forget(ServerUid server, std::vector<std::string> engine_ids, Epoch epoch) {
    const auto pass = co_await turnstile_of(server).enter();
    const auto repository = server.text();
    CO_TRY(there, co_await place_->list(repository, "snapshots"));
    std::erase_if(engine_ids, [&](const std::string& id) { return !there.contains(id); });
    if (engine_ids.empty()) co_return Success{};
    CO_TRY_OK(co_await admit(repository, epoch));
    // Pruning may write packs anew: what a snapshot added is no longer known, and verify() reads all of them.
    added_.clear();
    Call call{
        .server = server, .epoch = epoch, .repository = repository, .access = Call::Access::write, .arguments = {"forget", "--quiet", "--prune"}};
    call.arguments.insert(call.arguments.end(), engine_ids.begin(), engine_ids.end());
    CO_TRY_OK(co_await engine_.run_well(std::move(call)));
    co_return Success{};
}

ResticVault::Answer<Value> ResticVault::record_of(ServerUid server, std::string engine_id) {
    CO_TRY_OK(co_await find_snapshot(server, engine_id));
    const auto pass = co_await turnstile_of(server).enter();
    Call call{.server = server, .repository = server.text(), .arguments = {"dump", engine_id, fmt::format("/record/{}", record_file)}};
    CO_TRY(ended, co_await engine_.run_well(std::move(call)));
    auto record = net::parse_json(ended.output);
    if (!record)
        co_return error(VaultError::Kind::corrupt, fmt::format("the record in snapshot {} is not JSON: {}", engine_id, record.error().message));
    co_return std::move(*record);
}

ResticVault::Answer<Success> ResticVault::restore_to_stage(ServerUid server, std::string engine_id, std::uint32_t slot, Epoch epoch) {
    CO_TRY_OK(co_await find_snapshot(server, engine_id));
    const auto pass = co_await turnstile_of(server).enter();
    CO_TRY_OK(co_await admit(server.text(), epoch));
    Call call{.server = server, .epoch = epoch, .repository = server.text(), .arguments = {}, .world = WorldDisk::staged};
    call.arguments = {"restore", engine_id, "--quiet", "--verify", "--target", ".", "--include", "/data"};
    CO_TRY_OK(co_await engine_.run_well(std::move(call)));
    const auto owned = co_await bench_.own_world(server, WorldDisk::staged, slot);
    if (!owned) co_return std::unexpected(vault_error(owned.error(), false));
    co_return Success{};
}

// --- Proof

ResticVault::Answer<Success> ResticVault::verify(ServerUid server, std::string engine_id) {
    const auto pass = co_await turnstile_of(server).enter();
    auto proven = co_await check_hashes(server, engine_id);
    if (proven) proven = co_await check_structure(server, engine_id);
    if (!proven && proven.error().kind == VaultError::Kind::corrupt) damaged_.insert(server);
    co_return proven;
}

ResticVault::Answer<Success> ResticVault::check_hashes(ServerUid server, std::string engine_id) {
    const auto repository = server.text();
    CO_TRY_OK(co_await find_snapshot(server, engine_id));
    const auto known = added_.find(engine_id);
    // Not known after a restart or a prune: then all are read.
    auto added = known != added_.end() ? std::optional(known->second) : std::nullopt;
    Names snapshot{engine_id};
    CO_TRY_OK(co_await place_->check(repository, "snapshots", std::move(snapshot)));
    CO_TRY_OK(co_await check_all(repository, "keys"));
    CO_TRY_OK(co_await check_all(repository, "index"));
    if (added) co_return co_await place_->check(repository, "data", std::move(*added));
    co_return co_await check_all(repository, "data");
}

ResticVault::Answer<Success> ResticVault::check_all(std::string repository, std::string kind) {
    CO_TRY(names, co_await place_->list(repository, kind));
    co_return co_await place_->check(std::move(repository), std::move(kind), std::move(names));
}

// `check` proves more than is asked: every tree of every snapshot, every blob in the index, every pack there with its size. When older
// snapshots have lost files (a repository that was mended), it fails for their sake; then the packs must all be there, and `stats` walks
// this snapshot alone and looks up each of its blobs.
ResticVault::Answer<Success> ResticVault::check_structure(ServerUid server, std::string engine_id) {
    Call check{.server = server,
               .repository = server.text(),
               .access = Call::Access::read,
               .arguments = {"check", "--quiet"},
               .world = {},
               .extra_files = {}};
    CO_TRY(checked, co_await engine_.run(std::move(check)));
    if (checked.code == 0) co_return Success{};
    auto failure = failure_of(checked);
    if (failure.kind != VaultError::Kind::corrupt || misses_packs(checked)) co_return std::unexpected(std::move(failure));
    Call walk{.server = server, .repository = server.text(), .arguments = {"stats", "--quiet", "--json", "--mode", "raw-data", engine_id}};
    CO_TRY_OK(co_await engine_.run_well(std::move(walk)));
    log::warning("vault", "snapshot is whole, but others in its repository are not", {{"server", server}, {"detail", failure.detail}});
    co_return Success{};
}

ResticVault::Answer<Success> ResticVault::sample(ServerUid server, int percent, std::uint64_t turn) {
    const auto pass = co_await turnstile_of(server).enter();
    auto good = co_await read_share(server.text(), percent, turn);
    if (!good && good.error().kind == VaultError::Kind::corrupt) damaged_.insert(server);
    co_return good;
}

ResticVault::Answer<Success> ResticVault::read_share(std::string repository, int percent, std::uint64_t turn) {
    CO_TRY_OK(co_await check_all(repository, "index"));
    CO_TRY_OK(co_await check_all(repository, "snapshots"));
    CO_TRY(packs, co_await place_->list(repository, "data"));
    auto share = share_of(packs, percent, turn);
    co_return co_await place_->check(repository, "data", std::move(share));
}

// --- What we remember

Turnstile& ResticVault::turnstile_of(ServerUid server) {
    auto& turnstile = servers_[server];
    if (turnstile == nullptr) turnstile = std::make_unique<Turnstile>(1);
    return *turnstile;
}

ResticVault::Answer<Journal> ResticVault::journal_of(std::string repository) {
    CO_TRY(text, co_await place_->journal(std::move(repository)));
    co_return Journal::parse(text);
}

ResticVault::Answer<Journal> ResticVault::journal_under(std::string repository, Epoch epoch) {
    CO_TRY(journal, co_await journal_of(std::move(repository)));
    if (epoch < journal.epoch()) co_return error(VaultError::Kind::fenced, "a newer keeper works on this repository");
    journal.set_epoch(epoch);
    co_return std::move(journal);
}

ResticVault::Answer<Success> ResticVault::admit(std::string repository, Epoch epoch) {
    CO_TRY(text, co_await place_->journal(repository));
    CO_TRY(journal, co_await journal_under(repository, epoch));
    auto now = journal.text();
    if (now == text) co_return Success{};
    co_return co_await place_->write_journal(std::move(repository), std::move(now));
}

ResticVault::Answer<Success> ResticVault::keep_journal(std::string repository, const Journal& journal) {
    return place_->write_journal(std::move(repository), journal.text());
}

}  // namespace gk::restic
