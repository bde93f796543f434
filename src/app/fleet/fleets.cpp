#include "app/fleet/fleets.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "app/fleet/fleets_entry.hpp"
#include "async/deadline.hpp"
#include "async/this_executor.hpp"
#include "base/log.hpp"

namespace gk::app {
namespace {

constexpr Milliseconds stop_repeat = std::chrono::seconds(10);
constexpr Milliseconds look_again = std::chrono::seconds(5);  // Of one that does not answer, or ends.
constexpr Milliseconds between_strays = std::chrono::minutes(5);
constexpr std::uint32_t slots_most = 30'000;
constexpr std::size_t id_begin = 8;  // As much of an id as stands in a name.

MatchServers::Refusal refusal_of(const Error& error) { return {.code = error.code, .detail = error.message}; }

// What goes by itself: somebody's server ends, or becomes ready.
constexpr std::string_view exhausted = "exhausted";
constexpr std::string_view no_room = "no_room";
bool may_end_soon(const MatchServers::Refusal& refusal) { return refusal.code == exhausted || refusal.code == no_room; }

// The fleet whose servers it counts among; empty: none.
const std::string& fleet_name_of(const FleetServer& server) { return server.fleet.empty() ? server.beside : server.fleet; }

bool has_ended(Seen::Process process) { return process == Seen::Process::gone || process == Seen::Process::exited; }

}  // namespace

Fleets::Fleets(boost::asio::any_io_executor loop, Ports ports)
    : ports_(std::move(ports)),
      slots_(fleet_slots_first, slots_most),
      ended_(std::move(loop)) {}
Fleets::~Fleets() = default;

Task<void> Fleets::work(Shift& shift) {
    // What an earlier shift knew is read anew. Not at its end: those who wanted a server for a match were still waiting here.
    entries_.clear();
    by_match_.clear();
    fleets_.clear();
    shift_ = &shift;
    const auto executor = co_await async::this_executor;
    async::TaskGroup tasks(executor);
    tasks_ = &tasks;
    const auto stored = ports_.store.watch([this] { note_fleets(); });
    const auto seen = ports_.runtime.watch([this](ServerUid uid) {
        const auto at = entries_.find(uid);
        if (at != entries_.end()) at->second->changed.raise();
    });
    auto body = keep();
    co_await async::run_with(tasks, std::move(body));
    has_begun_ = false;
    tasks_ = nullptr;
    shift_ = nullptr;
}

Task<void> Fleets::keep() {
    const bool is_read = co_await read_fleets() && co_await read_servers();
    has_begun_ = is_read;
    begun_.wake_all();
    if (!is_read) co_return;
    while (!shift_->is_over()) co_await keep_fleets();
}

Task<bool> Fleets::read_fleets() {
    fleets_changed_ = false;
    auto call = [this] { return ports_.store.fleets(); };
    const auto all = co_await shift_->ask<std::vector<fleet::Fleet>>(std::move(call));
    if (!all) co_return false;
    std::set<std::string> names;
    for (const auto& fleet : *all) {
        names.insert(fleet.name);
        auto& kept = fleets_[fleet.name];
        if (!kept) kept = std::make_unique<Kept>();
        kept->fleet = fleet;
    }
    room_.wake_all();  // Some may have more servers now.
    // Servers of a fleet that was removed are not wanted any more; those in matches are left in peace.
    for (auto& [name, kept] : fleets_) {
        if (names.contains(name)) continue;
        kept->fleet.ready = 0;
        kept->fleet.autopilot.reset();
    }
    co_return true;
}

Task<bool> Fleets::read_servers() {
    auto call = [this] { return ports_.store.servers(); };
    const auto all = co_await shift_->ask<std::vector<FleetServer>>(std::move(call));
    if (!all) co_return false;
    const bool is_held = co_await hold_ports(*all);
    if (!is_held) co_return false;
    for (const auto& server : *all) {
        if (const auto& fleet = fleet_name_of(server); !fleet.empty()) know_fleet(fleet);
        // It may have been stored and not told.
        Starter::Prepared known{.server = server, .memory = ports_.starter.hold_memory(server)};
        add(std::move(known), slots_.hold(server.slot)).knows_match = server.fleet.empty();
        tasks_->spawn("match server " + server.name, tend(server.uid, std::nullopt));
    }
    strays_at_ = Time();
    co_return true;
}

// Before any port is given away: what runs has its own.
Task<bool> Fleets::hold_ports(const std::vector<FleetServer>& servers) {
    for (std::uint32_t tries = 1; !shift_->is_over(); ++tries) {
        const auto held = co_await ports_.starter.hold_ports(servers);
        if (held) co_return true;
        log::warning("fleet", "ports could not be held again", {{"detail", held.error().message}});
        co_await ports_.clock.sleep(fleet::back_off(tries));
    }
    co_return false;
}

// One that is not stored was removed before we began: nothing of it is wanted any more, and what is left of it is ended.
void Fleets::know_fleet(const std::string& name) {
    auto& kept = fleets_[name];
    if (kept) return;
    kept = std::make_unique<Kept>();
    kept->fleet.name = name;
    kept->fleet.ready = 0;
}

Task<void> Fleets::keep_fleets() {
    if (fleets_changed_ && !co_await read_fleets()) co_return;
    if (ports_.clock.now() >= strays_at_) {
        co_await sweep();
        strays_at_ = ports_.clock.now() + between_strays;
    }
    const auto next = look_after_fleets();
    auto signal = changed_.wait();
    co_await async::finishes_by(ports_.clock, std::min(next.value_or(strays_at_), strays_at_), std::move(signal));
}

std::optional<Time> Fleets::look_after_fleets() {
    const auto now = ports_.clock.now();
    std::optional<Time> next;
    for (auto& [name, kept] : fleets_) {
        const auto plan = fleet::plan(kept->fleet, kept->roster, kept->beginning, kept->use, now);
        carry_out(*kept, plan);
        if (plan.next && (!next || *plan.next < *next)) next = plan.next;
    }
    return next;
}

void Fleets::carry_out(Kept& kept, const fleet::Plan& plan) {
    kept.use = plan.use;
    kept.limit = plan.limit == "back_off" && kept.lacks_room ? std::string(no_room) : plan.limit;
    for (const auto uid : plan.stop) end(*entries_.at(uid), "not_needed");
    for (std::uint32_t i = 0; i < plan.start; ++i) {
        FleetOrder order{.name = {},
                         .game = kept.fleet.game,
                         .package = kept.fleet.package,
                         .settings = kept.fleet.settings,
                         .fleet = kept.fleet.name,
                         .beside = {},
                         .generation = kept.fleet.generation,
                         .match = {}};
        ++kept.beginning;
        tasks_->spawn("start for fleet " + kept.fleet.name, begin_for_fleet(std::move(order)));
    }
}

Task<void> Fleets::begin_for_fleet(FleetOrder order) {
    auto& kept = *fleets_.at(order.fleet);  // Stays as long as we work.
    const auto begun = co_await begin(std::move(order));
    --kept.beginning;
    kept.lacks_room = !begun && begun.error().code == no_room;
    if (begun) co_return;
    log::warning("fleet", "a server could not be begun", {{"fleet", kept.fleet.name}, {"detail", begun.error().detail}});
    fleet::note_failed(kept.use, ports_.clock.now());
    changed_.raise();
}

Fleets::Answer<Fleets::Entry*> Fleets::begin(FleetOrder order) {
    auto slot = slots_.take();
    if (!slot) co_return std::unexpected(Refusal{.code = "exhausted", .detail = "every slot for match servers is taken"});
    auto prepared = co_await ports_.starter.prepare(order, slot->slot());
    if (!prepared) co_return std::unexpected(refusal_of(prepared.error()));
    auto& server = prepared->server;
    if (server.name.empty()) server.name = fmt::format("{}-{}", order.fleet, server.uid.text().substr(0, id_begin));
    server.since = ports_.clock.now();
    auto& entry = add(std::move(*prepared), std::move(*slot));
    order.name = entry.server.name;
    tasks_->spawn("match server " + entry.server.name, tend(entry.server.uid, std::move(order)));
    co_return &entry;
}

Fleets::Entry& Fleets::add(Starter::Prepared prepared, fleet::Slots::Hold slot) {
    const auto& server = prepared.server;
    const auto uid = server.uid;
    if (server.match) by_match_[*server.match] = uid;
    auto& entry = entries_[uid];
    entry = std::make_unique<Entry>(std::move(prepared), std::move(slot));
    entry->begun_at = ports_.clock.now();
    entry->silent_since = entry->begun_at;
    note(*entry);
    return *entry;
}

// `order`: it has yet to be launched.
Task<void> Fleets::tend(ServerUid uid, std::optional<FleetOrder> order) {
    auto& entry = *entries_.at(uid);
    if (order) co_await bring_up(entry, std::move(*order));
    else show(entry);
    co_await see_through(entry);
    // What is being written of it for a match must not come after its removal.
    while (entry.is_being_handed_out) co_await entry.waiting.wait();
    co_await take_down(entry);
    forget_match(entry);
    entry.waiting.wake_all();
    if (auto* kept = fleet_of(entry)) kept->roster.remove(uid);
    entries_.erase(uid);
    changed_.raise();
    room_.wake_all();
}

Task<void> Fleets::bring_up(Entry& entry, FleetOrder order) {
    // Stored first: what a crash leaves behind is known to whoever comes after.
    const bool is_stored = co_await store(entry.server);
    if (!is_stored) {
        end(entry, "not_stored");
        co_return;
    }
    const auto launched = co_await ports_.starter.launch(entry.server, std::move(order), shift_->epoch());
    if (!launched) {
        log::warning("fleet", "a match server could not be launched", {{"server", entry.server.name}, {"detail", launched.error().message}});
        end_of_itself(entry);
    }
}

// Until its game has ended, by itself or because it was to.
Task<void> Fleets::see_through(Entry& entry) {
    bool is_stop_sent = false;
    for (;;) {
        co_await look(entry);
        if (has_ended(entry.process)) {
            end_of_itself(entry);
            co_return;
        }
        if (!entry.ending.empty() && !is_stop_sent) {
            const auto asked = co_await ports_.runtime.stop(entry.server.uid, shift_->epoch());
            is_stop_sent = asked.has_value();
        }
        auto signal = entry.changed.wait();
        const bool is_known = entry.ending.empty() && entry.process != Seen::Process::unknown;
        if (is_known) co_await std::move(signal);
        else co_await async::finishes_by(ports_.clock, ports_.clock.now() + look_again, std::move(signal));
        if (!entry.ending.empty() && ports_.clock.now() - entry.server.since >= stop_repeat) is_stop_sent = false;
    }
}

Task<void> Fleets::look(Entry& entry) {
    const auto seen = co_await ports_.runtime.observe(entry.server.uid);
    // Nothing is known of one that does not answer: nobody gets it until it is heard of again.
    entry.process = seen ? seen->process : Seen::Process::unknown;
    // Of one that is gone the last word counts: with its pod went what could have said why.
    if (seen && (seen->obstacle || !has_ended(seen->process))) entry.trouble = seen->obstacle ? seen->obstacle->code : std::string();
    if (const bool is_silent = entry.process != Seen::Process::ready; is_silent != entry.silent_since.has_value()) {
        entry.silent_since = is_silent ? std::optional(ports_.clock.now()) : std::nullopt;
        note(entry);
    }
    const bool is_idle = entry.server.state == fleet::ServerState::starting || entry.server.state == fleet::ServerState::ready;
    if (seen && seen->leave && is_idle && !entry.server.match && !entry.is_being_handed_out) end(entry, "node_leaves");
    if (entry.process != Seen::Process::ready || entry.is_up) co_return;
    entry.is_up = true;
    if (auto* kept = fleet_of(entry)) fleet::note_ready(kept->use, ports_.clock.now() - entry.begun_at);
    if (entry.server.state == fleet::ServerState::starting)
        become(entry, entry.server.match ? fleet::ServerState::allocated : fleet::ServerState::ready);
    entry.waiting.wake_all();
    if (!entry.server.match) room_.wake_all();
}

Task<void> Fleets::take_down(Entry& entry) {
    for (std::uint32_t tries = 1;; ++tries) {
        const auto removed = co_await ports_.starter.remove(entry.server.uid, shift_->epoch());
        if (removed) break;
        log::warning("fleet", "a match server could not be removed", {{"server", entry.server.name}, {"detail", removed.error().message}});
        co_await ports_.clock.sleep(fleet::back_off(tries));
    }
    const auto uid = entry.server.uid;
    auto call = [this, uid] { return ports_.store.remove(uid, shift_->epoch()); };
    co_await shift_->ask<Success>(std::move(call));
}

Task<bool> Fleets::store(FleetServer server) {
    auto call = [&] { return ports_.store.put(server, shift_->epoch()); };
    const auto stored = co_await shift_->ask<Success>(std::move(call));
    co_return stored.has_value();
}

void Fleets::become(Entry& entry, fleet::ServerState state) {
    entry.server.state = state;
    entry.server.since = ports_.clock.now();
    note(entry);
}

// What plans are made from follows what is known of a server. One that is being handed out, or was begun for a match beside its fleet, is not there
// for anybody else.
void Fleets::note(const Entry& entry) {
    auto* kept = fleet_of(entry);
    if (kept == nullptr) return;
    const auto& server = entry.server;
    const bool is_handed_out = entry.is_being_handed_out && server.state == fleet::ServerState::ready;
    const bool is_taken = is_handed_out || (server.match && server.state == fleet::ServerState::starting);
    kept->roster.put({.uid = server.uid,
                      .state = is_taken ? fleet::ServerState::allocated : server.state,
                      .generation = server.generation,
                      .since = server.since,
                      .silent_since = entry.silent_since});
    changed_.raise();
}

// Nobody has asked for it: its match hears why.
void Fleets::end_of_itself(Entry& entry) {
    if (!entry.ending.empty()) return;
    if (auto* kept = fleet_of(entry); kept != nullptr && !entry.is_up) fleet::note_failed(kept->use, ports_.clock.now());
    std::string why = entry.is_up ? "server_exited" : "start_failed";
    end(entry, entry.trouble.empty() ? std::move(why) : entry.trouble);
    if (entry.server.match) ended_.notify(*entry.server.match, entry.ending);
}

void Fleets::end(Entry& entry, std::string why) {
    if (!entry.ending.empty()) return;
    entry.ending = std::move(why);
    become(entry, fleet::ServerState::ending);
    entry.waiting.wake_all();
    entry.changed.raise();
}

Fleets::Entry* Fleets::of_match(MatchId match) {
    const auto at = by_match_.find(match);
    return at == by_match_.end() ? nullptr : entries_.at(at->second).get();
}

Fleets::Kept* Fleets::fleet_of(const Entry& entry) const {
    const auto at = fleets_.find(fleet_name_of(entry.server));
    return at == fleets_.end() ? nullptr : at->second.get();
}

// One that waits meanwhile is as good. A match whose fleet has as many servers as it may have, or whose server does not fit into the machine's
// memory, waits here: whatever ends makes room.
MatchServers::Answer<match::MatchServer> Fleets::start(match::Match match, QueueRecord queue, Time until) {
    // What is left of an earlier try goes first: the name is the same.
    for (auto* left = of_match(match.id); left != nullptr && !left->ending.empty(); left = of_match(match.id)) co_await left->waiting.wait();
    while (of_match(match.id) == nullptr) {
        auto taken = co_await take_or_begin(match, queue);
        if (taken && *taken) co_return std::move(**taken);
        if (taken) break;
        const auto now = ports_.clock.now();
        if (!may_end_soon(taken.error()) || now >= until) co_return std::unexpected(std::move(taken.error()));
        auto signal = room_.wait();
        co_await async::finishes_by(ports_.clock, std::min(until, now + look_again), std::move(signal));
    }
    co_return co_await wait_until_up(std::move(match), until);
}

// Nothing: one was begun.
MatchServers::Answer<std::optional<match::MatchServer>> Fleets::take_or_begin(match::Match match, const QueueRecord& queue) {
    const auto at = fleets_.find(queue.fleet);
    auto* kept = at == fleets_.end() ? nullptr : at->second.get();
    if (kept != nullptr) {
        CO_TRY(ready, co_await take_ready(queue.fleet, match, false));
        if (ready) co_return std::move(ready);
        if (kept->roster.size() + kept->beginning >= kept->fleet.most) {
            co_return std::unexpected(
                Refusal{.code = std::string(exhausted),
                        .detail = fmt::format("the fleet '{}' has {} servers and may not have more, and none of them waits; raise its max",
                                              queue.fleet, kept->fleet.most)});
        }
        ++kept->beginning;
    }
    auto begun = co_await begin(order_beside(match, queue));
    if (kept != nullptr) --kept->beginning;
    if (!begun) co_return std::unexpected(std::move(begun.error()));
    co_return std::nullopt;
}

FleetOrder Fleets::order_beside(const match::Match& match, const QueueRecord& queue) const {
    const auto at = fleets_.find(queue.fleet);
    const bool is_known = at != fleets_.end();
    const auto* fleet = is_known ? &at->second->fleet : nullptr;
    return {.name = "game-server-" + match.id.text().substr(0, id_begin),
            .game = is_known ? fleet->game : queue.game,
            .package = is_known ? fleet->package : std::string(),
            .settings = is_known ? fleet->settings : std::map<std::string, Value>(),
            .fleet = {},
            .beside = is_known ? queue.fleet : std::string(),
            .generation = is_known ? fleet->generation : 1,
            .match = match};
}

MatchServers::Answer<match::MatchServer> Fleets::wait_until_up(match::Match match, Time until) {
    while (auto* entry = of_match(match.id)) {
        if (entry->is_up && entry->ending.empty()) co_return co_await address_of(entry->server.uid, match);
        if (!entry->ending.empty()) break;
        if (ports_.clock.now() >= until) {
            end(*entry, "start_timeout");
            co_return std::unexpected(Refusal{.code = "start_timeout", .detail = "the match's server was not ready in time"});
        }
        auto signal = entry->waiting.wait();
        co_await async::finishes_by(ports_.clock, until, std::move(signal));
    }
    co_return std::unexpected(Refusal{.code = "start_failed", .detail = "the match's server ended before it was ready"});
}

Task<void> Fleets::admit(match::Match match) {
    const auto* entry = of_match(match.id);
    if (entry == nullptr || !entry->ending.empty()) co_return;
    const auto server = entry->server;
    const auto told = co_await ports_.starter.tell_match(server, match, shift_->epoch());
    if (!told) log::warning("match", "a server did not hear who came in", {{"server", server.name}, {"match", match.id}});
}

Task<void> Fleets::release(MatchId match) {
    if (auto* entry = of_match(match)) end(*entry, "match_over");
    co_return;
}

Task<void> Fleets::adopt(std::vector<match::Match> live) {
    if (!has_begun_) co_await begun_.wait();
    if (!has_begun_) co_return;  // What there is could not be read: nobody's server is known to be lost.
    std::unordered_map<MatchId, const match::Match*> known;
    for (const auto& match : live) known.emplace(match.id, &match);
    end_if([&](const FleetServer& server) {
        const auto match = known.find(*server.match);
        return match == known.end() || (match->second->server && match->second->server->name != server.name);
    });
    // Two are written down for one match when the first did not take it, the second did, and the control plane died before the first was removed.
    end_if([&](const FleetServer& server) { return by_match_.try_emplace(*server.match, server.uid).first->second != server.uid; });
    for (const auto& match : live) {
        if (match.state == match::MatchState::assigned && of_match(match.id) == nullptr) ended_.notify(match.id, "lost");
    }
}

// Of the servers of our own matches.
void Fleets::end_if(const std::function<bool(const FleetServer&)>& is_wrong) {
    for (const auto& [uid, entry] : entries_) {
        const auto& server = entry->server;
        if (!server.match || server.is_foreign || !entry->ending.empty() || !is_wrong(server)) continue;
        forget_match(*entry);
        end(*entry, "match_over");
    }
}

void Fleets::forget_match(const Entry& entry) {
    if (!entry.server.match) return;
    const auto at = by_match_.find(*entry.server.match);
    if (at != by_match_.end() && at->second == entry.server.uid) by_match_.erase(at);
}

std::shared_ptr<void> Fleets::watch(Ended ended) { return ended_.add(std::move(ended)); }

void Fleets::note_fleets() {
    fleets_changed_ = true;
    changed_.raise();
}

std::optional<Fleets::Counts> Fleets::counts(const std::string& fleet) const {
    const auto kept = fleets_.find(fleet);
    if (!has_begun_ || kept == fleets_.end()) return std::nullopt;
    const auto& roster = kept->second->roster;
    return Counts{.starting = roster.count(fleet::ServerState::starting),
                  .ready = roster.count(fleet::ServerState::ready),
                  .allocated = roster.count(fleet::ServerState::allocated),
                  .limit = kept->second->limit};
}

}  // namespace gk::app
