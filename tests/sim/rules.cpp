#include <algorithm>
#include <tuple>
#include <utility>

#include "domain/server/counted_version.hpp"
#include "domain/server/lifecycle.hpp"
#include "tests/sim/ground.hpp"

// The rules. Their numbers are those of README.md.
namespace gk::sim {
namespace {

using server::Event;
using server::Phase;
using server::Verb;
using server::Wanted;

// Which edge was taken. Where several join the same phases, the record says why.
std::optional<Event> event_between(Phase from, const server::Record& to) {
    std::vector<Event> all;
    for (const auto& edge : server::lifecycle) {
        if (edge.from == from && edge.to == to.phase) all.push_back(edge.on);
    }
    if (all.empty()) return std::nullopt;
    const auto verb = to.request ? to.request->verb : Verb::stop;
    const auto prefer = [&](Event event, bool holds) { return holds && std::ranges::find(all, event) != all.end(); };
    if (prefer(Event::restart_asked, verb == Verb::restart)) return Event::restart_asked;
    if (prefer(Event::restore_asked, verb == Verb::restore || verb == Verb::restore_undo)) return Event::restore_asked;
    if (prefer(Event::process_seen, to.reason == "unexpected_process")) return Event::process_seen;
    if (prefer(Event::start_timed_out, to.reason == "start_timeout" || to.reason == "no_address")) return Event::start_timed_out;
    for (const auto usual : {Event::stop_asked, Event::crashed}) {
        if (prefer(usual, true)) return usual;
    }
    return all.front();
}

// By several edges, where what has come of several steps is stored at once.
bool leads_to(Phase from, Phase to) {
    std::set<Phase> seen;
    std::vector<Phase> open = {from};
    while (!open.empty()) {
        const auto at = open.back();
        open.pop_back();
        if (at == to) return true;
        for (const auto& edge : server::lifecycle) {
            if (edge.from == at && seen.insert(edge.to).second) open.push_back(edge.to);
        }
    }
    return false;
}

bool is_where_wanted(const server::Record& record) {
    switch (record.wanted) {
    case Wanted::running: return record.phase == Phase::running || (record.phase == Phase::failed && record.given_up && !record.reason.empty());
    case Wanted::paused: return record.phase == Phase::paused;
    case Wanted::stopped: return record.phase == Phase::stopped;
    case Wanted::deleted: return false;
    }
    std::unreachable();
}

}  // namespace

// I9: phases change along the table only.
void Ground::check_records() {
    std::erase_if(phases_, [&](const auto& it) { return !state->servers.contains(it.first); });
    for (const auto& [uid, stored] : state->servers) {
        if (stored.request && (stored.request->force || stored.request->purge)) truths[uid].waived = true;
        if (stored.request && stored.request->restored) truths[uid].undone.reset();
        known_.insert(uid);
        const auto [known, is_new] = phases_.try_emplace(uid, stored.phase);
        if (!is_new && known->second != stored.phase) note_move(std::exchange(known->second, stored.phase), stored);
    }
}

void Ground::note_move(Phase from, const server::Record& to) {
    note(fmt::format("phase {} -> {} (wanted {}, reason '{}')", name_of(from), name_of(to.phase), name_of(to.wanted), to.reason), to.uid);
    const auto event = event_between(from, to);
    const bool is_shared = !event && shares_writes && leads_to(from, to.phase);
    if (!event && !is_shared) return breach(fmt::format("I9: no edge leads from {} to {}", name_of(from), name_of(to.phase)));
    if (event) ++edges_seen_[{from, *event}];
    if (to.phase == Phase::running) check_settings(to);
}

// I11: what a server says it runs with is what its game has read.
void Ground::check_settings(const server::Record& record) {
    const auto cell = cells.find(record.uid);
    if (cell == cells.end() || !cell->second.alive() || cell->second.stray) return;
    if (text_of(record.applied_settings) != cell->second.started_with) breach("I11: the game runs with other settings than its record says");
}

// I8: a public number belongs to one server, and rests before it belongs to another.
void Ground::check_ports() {
    std::set<std::pair<Protocol, Port>> held;
    for (const auto& [uid, record] : state->servers) {
        if (record.phase == server::Phase::deleting) continue;
        for (const auto& binding : record.ports) {
            if (!held.emplace(binding.protocol, binding.open).second) return breach("I8: two servers have the same port");
            const auto [use, is_new] = ports_used_.try_emplace({binding.protocol, binding.open}, PortUse{.holder = uid, .last = now});
            if (use->second.holder != uid && now < use->second.last + port_rest && ports_rest && !had_two_keepers)
                breach("I8: a server got a port that had not rested");
            use->second = {.holder = uid, .last = now};
        }
    }
}

std::string Ground::misheld_ports(const std::vector<PortMap::Reservation>& held) const {
    using Held = std::tuple<ServerUid, Protocol, Port>;
    std::set<Held> wanted;
    for (const auto& [uid, record] : state->servers) {
        for (const auto& binding : record.ports) wanted.emplace(uid, binding.protocol, binding.open);
    }
    for (const auto& it : held) {
        if (wanted.erase({it.server, it.binding.protocol, it.binding.open}) == 0) return "I10: a port is held for a server that is gone";
    }
    return wanted.empty() ? "" : "I8: a server does not hold the ports of its record";
}

bool Ground::is_waived(ServerUid uid) const {
    const auto truth = truths.find(uid);
    return truth != truths.end() && truth->second.waived;
}

// I12: complete means that it can be read back, and at rest means that nothing moved.
void Ground::check_snapshots() {
    for (const auto& [id, snapshot] : state->snapshots) {
        if (snapshot.status != vault::SnapshotStatus::complete) continue;
        const auto& repository = vault[snapshot.server];
        const auto at = repository.find(snapshot.engine_id);
        if (at == repository.end() && is_waived(snapshot.server)) continue;
        if (at == repository.end() || at->second.spoiled) return breach("I12: a snapshot is called complete and cannot be read back");
        if (!proven_.insert(id).second) continue;
        if (at->second.id != id) return breach("I12: the catalogue points to another snapshot");
        if (snapshot.consistency == vault::Consistency::at_rest && at->second.torn)
            return breach("I12: a snapshot at rest was made of a moving world");
        if (!at->second.content.whole) return breach("I12: a snapshot of half a world is called complete");
    }
}

// Nothing that players were told is done is ever lost: it is on the live disk, or in the snapshot that the next start restores.
void Ground::check_worlds() {
    for (const auto& [uid, truth] : truths) {
        if (!truth.world || truth.waived) continue;
        const auto cell = cells.find(uid);
        if (cell != cells.end() && cell->second.disk && truth.accepts(cell->second.live)) continue;
        if (!is_proven(uid, *truth.world) && !(truth.undone && is_proven(uid, *truth.undone)))
            return breach(fmt::format("P8: the players' world of {:.2} is neither on disk nor in a proven snapshot", uid.text()));
    }
}

void Ground::check() {
    check_records();
    check_ports();
    check_snapshots();
    check_worlds();
}

void Ground::promise_settings(const server::Record& record) {
    note("settings", record.uid);
    auto& told = settings_promised_[record.uid];
    const auto version = server::count_of(record.version).value_or(0);
    const auto rank = std::pair(record.created_at, version);
    if (std::pair(told.created_at, told.version) < rank) told = {record.created_at, version, text_of(record.settings)};
}

void Ground::check_promises() {
    for (const auto& id : promised) {
        const auto at = state->operations.find(id);
        if (at == state->operations.end()) return breach("I5: an operation was acknowledged and is not stored");
        const auto& it = at->second.operation;
        if (it.error && it.error->code == "interrupted" && taken_on.contains(id))
            breach(fmt::format("I5: a {} of {} was acknowledged and called interrupted at {}", name_of(it.verb), rfc3339(it.created_at),
                               rfc3339(*it.finished_at)));
    }
    for (const auto& [uid, told] : settings_promised_) {
        const auto stored = record(uid);
        if (!stored || stored->created_at != told.created_at || server::count_of(stored->version).value_or(0) < told.version) continue;
        const auto text = text_of(stored->settings);
        if (text != told.text && !settings_asked.contains(text))
            return breach(fmt::format("I5: settings {} of {:.2} were acknowledged and are not stored: {}", told.text, uid.text(), text));
    }
}

std::string Ground::unrest() const {
    for (const auto& [uid, record] : state->servers) {
        if (auto why = unrest_of(record); !why.empty())
            return fmt::format("{}: {} (wanted {}, phase {}, reason '{}')", why, record.id, name_of(record.wanted), name_of(record.phase),
                               record.reason);
    }
    for (const auto& [id, stored] : state->operations) {
        if (!stored.operation.is_finished()) return fmt::format("I24: an operation never ended: {}", name_of(stored.operation.verb));
    }
    for (const auto& [id, snapshot] : state->snapshots) {
        if (snapshot.status == vault::SnapshotStatus::uploading) return "I24: a snapshot is neither complete nor failed";
    }
    if (auto why = leftovers(); !why.empty()) return why;
    return lost_worlds();
}

// I24: every server is where it is wanted, and the machine is as its record says.
std::string Ground::unrest_of(const server::Record& record) const {
    if (!is_where_wanted(record)) return "I24: not where it is wanted";
    if (record.request || !record.superseded.empty()) return "I24: a request is still worked on";
    const auto at = cells.find(record.uid);
    const auto cell = at == cells.end() ? Cell() : at->second;
    if ((cell.process == Seen::Process::ready) != (record.phase == Phase::running)) return "I24: the game is not what the record says";
    if (cell.process == Seen::Process::ready && cell.quiesced) return "I24: the game was never told to write again";
    if (cell.staged) return "I10: a staged world was left behind";
    if (record.phase == Phase::stopped && cell.disk) return "I10: a stopped server has a disk";
    return "";
}

// I10: nothing is left of what has no record.
std::string Ground::leftovers() const {
    for (const auto& [uid, cell] : cells) {
        if (cell.is_something() && !state->servers.contains(uid)) return "I10: something is left of a server without a record";
    }
    for (const auto& [uid, repository] : vault) {
        if (!repository.empty() && !state->servers.contains(uid) && !state->kept_worlds.contains(uid))
            return "I10: backups are left of a world that nobody keeps";
    }
    for (const auto& [id, snapshot] : state->snapshots) {
        if (!state->servers.contains(snapshot.server) && !state->kept_worlds.contains(snapshot.server))
            return "I10: the catalogue lists snapshots of a world that is gone";
    }
    return "";
}

// Every world is what the players left: on the live disk, or else in the newest proven snapshot.
std::string Ground::lost_worlds() const {
    for (const auto& [uid, truth] : truths) {
        if (!truth.world || truth.waived) continue;
        if (!state->servers.contains(uid) && !state->kept_worlds.contains(uid)) return "P8: a deleted world is not kept";
        const auto cell = cells.find(uid);
        if (cell != cells.end() && cell->second.disk) {
            if (!truth.accepts(cell->second.live)) return "P7: the world on disk is not what the players left";
            continue;
        }
        const auto all = snapshots(uid);
        const auto newest = std::ranges::find(all, vault::SnapshotStatus::complete, &vault::Snapshot::status);
        if (newest == all.end()) return "P8: the world is neither on disk nor in a proven snapshot";
        if (!truth.accepts(vault.at(uid).at(newest->engine_id).content)) return "P7: the newest snapshot is not what the players left";
    }
    return "";
}

}  // namespace gk::sim
