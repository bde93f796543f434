#include <algorithm>
#include <utility>

#include "tests/sim/ground.hpp"

// What happens by itself: games become ready, end and crash, players act, power and disks are lost.
namespace gk::sim {
namespace {

using Process = Seen::Process;
using namespace std::chrono_literals;

}  // namespace

void Ground::end(ServerUid uid, Cell& cell, server::ExitCause cause) {
    server::Exit exit;
    exit.cause = cause;
    exit.at = now;
    exit.code = 1;
    cell.process = Process::exited;
    cell.exit = exit;
    cell.quiesced = false;
    cell.next = Cell::Next::none;
    note("game ended", uid, std::to_underlying(cause));
    if (changed) changed(uid);
}

void Ground::advance(ServerUid uid, Cell& cell) {
    switch (std::exchange(cell.next, Cell::Next::none)) {
    case Cell::Next::none: break;
    case Cell::Next::ready:
        cell.process = Process::ready;
        note("game ready", uid);
        if (game_dice.chance(faults.game_crash)) {
            cell.next = game_dice.chance(faults.game_lost) ? Cell::Next::lost : Cell::Next::crash;
            cell.next_at = now + game_dice.between(1s, 5min);
        }
        if (changed) changed(uid);
        break;
    case Cell::Next::crash: end(uid, cell, game_dice.chance(0.2) ? server::ExitCause::out_of_memory : server::ExitCause::crashed); break;
    case Cell::Next::end: end(uid, cell, server::ExitCause::asked); break;
    case Cell::Next::lost:
        cell.process = Process::gone;
        cell.quiesced = false;
        note("game lost", uid);
        break;
    }
}

void Ground::settle() {
    for (auto& [uid, cell] : cells) {
        if (cell.next != Cell::Next::none && cell.next_at <= now) advance(uid, cell);
    }
    for (std::size_t i = 0; i < letters_.size(); ++i) {
        // In the order in which they were sent, with all that the same life has sent before.
        if (letters_[i].arrives <= now) return deliver(letters_[i].life);
    }
}

std::optional<Time> Ground::next_event() const {
    std::optional<Time> next;
    for (const auto& [uid, cell] : cells) {
        if (cell.next != Cell::Next::none && (!next || cell.next_at < *next)) next = cell.next_at;
    }
    for (const auto& letter : letters_) {
        if (!next || letter.arrives < *next) next = letter.arrives;
    }
    return next;
}

void Ground::play(ServerUid uid) {
    const auto at = cells.find(uid);
    if (at == cells.end() || at->second.process != Process::ready || at->second.quiesced || !at->second.disk) return;
    auto& live = at->second.live;
    live.mark = mixed(live.mark, game_dice.next());
    auto& truth = truths[uid];
    truth.is(live);
    // What was given away by name stays given away until that request is over.
    const auto known = record(uid);
    truth.waived = known && known->request && (known->request->force || known->request->purge);
}

void Ground::lose_power() {
    note("power is lost");
    letters_.clear();
    for (auto& [uid, cell] : cells) lose_power(uid, cell);
}

void Ground::lose_power(ServerUid uid, Cell& cell) {
    // What was written since the last sync may be on the medium, or not: that much of it players lose.
    if (cell.live != cell.synced && game_dice.chance(0.5)) {
        auto& truth = truths[uid];
        if (truth.world == cell.live) truth.world = cell.saved;
        cell.live = cell.synced;
    }
    cell.process = Process::gone;
    cell.next = Cell::Next::none;
    cell.exit.reset();
    cell.started_at.reset();
    cell.quiesced = false;
}

bool Ground::lose_disk(ServerUid uid) {
    auto& cell = cells[uid];
    const auto known = record(uid);
    const bool rests = known && (known->phase == server::Phase::paused || known->phase == server::Phase::backup_failed);
    if (!rests || !cell.disk || cell.alive()) return false;
    note("a disk is lost", uid);
    cell.disk = false;
    cell.live = cell.saved = cell.synced = Content();
    // A pause under way begins again: the world comes back from the vault by a start, and that game is stopped too.
    if (known->request) stopped_runs_.erase(known->request->operation);
    auto& truth = truths[uid];
    const auto all = snapshots(uid);
    const auto newest = std::ranges::find(all, vault::SnapshotStatus::complete, &vault::Snapshot::status);
    const bool waived = truth.waived;
    truth = Truth();
    truth.waived = waived;
    if (newest != all.end()) truth.is(vault.at(uid).at(newest->engine_id).content);
    return true;
}

void Ground::end_by_node(ServerUid uid) {
    auto& cell = cells[uid];
    if (!cell.alive() || cell.process == Process::stopping) return;
    note("its node ends a game", uid);
    cell.process = Process::stopping;
    cell.next = Cell::Next::end;
    cell.next_at = now + game_dice.between(50ms, 4s);
}

void Ground::forget_run(ServerUid uid) {
    auto& cell = cells[uid];
    cell.process = Process::gone;
    cell.next = Cell::Next::none;
    cell.exit.reset();
    cell.started_at.reset();
    cell.quiesced = false;
}

void Ground::lose_run(ServerUid uid) {
    if (!cells[uid].alive()) return;
    note("a container ends under its game", uid);
    forget_run(uid);
}

// Asked for or not: the cluster has no word for a disk that may not go.
void Ground::remove_disk(ServerUid uid) {
    auto& cell = cells[uid];
    if (!cell.disk) return;
    if (cell.alive()) breach("I1: a disk went away under a running game");
    if (is_needed(uid, cell) && !is_proven(uid, cell.live)) breach("P8: disk freed without a proven snapshot of what is on it");
    const auto known = record(uid);
    if (known && known->phase != server::Phase::cleanup && known->phase != server::Phase::deleting) breach("I9: disk freed outside cleanup");
    cell.disk = false;
    cell.live = cell.saved = cell.synced = Content();
}

std::optional<ServerUid> Ground::with_failed_backup() const {
    for (const auto& [uid, cell] : cells) {
        const auto known = record(uid);
        if (known && known->phase == server::Phase::backup_failed && cell.process == Process::gone) return uid;
    }
    return std::nullopt;
}

void Ground::start_by_hand(ServerUid uid) {
    auto& cell = cells[uid];
    const auto known = record(uid);
    const bool is_down = known && (known->phase == server::Phase::paused || known->phase == server::Phase::stopped ||
                                   (known->phase == server::Phase::backup_failed && !known->started_at));
    if (!is_down || cell.process != Process::gone) return;
    note("a game is started by hand", uid);
    cell.process = Process::ready;
    cell.run = ++runs_;
    cell.told = false;
    cell.stray = true;
    cell.started_at = now;
    cell.next = Cell::Next::none;
    if (changed) changed(uid);
}

bool Ground::is_last_wait(const char* what) {
    if (deaths.empty()) return false;
    waits.emplace_back(what);
    return deaths.erase(waits.size()) > 0;
}

void Ground::heal() {
    faults = Faults();
    vault_down = false;
    quiet = true;
    for (auto& [uid, loops] : loops_) loops = false;
    for (auto& [uid, cell] : cells) {
        if (cell.next == Cell::Next::crash && cell.process == Process::starting) cell.next = Cell::Next::ready;
        if (cell.process == Process::ready) cell.next = Cell::Next::none;
        if (cell.process == Process::starting) cell.next_at = std::min(cell.next_at, now + Milliseconds(10s));
    }
}

}  // namespace gk::sim
