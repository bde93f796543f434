#include "app/fleet/fleets.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "app/fleet/fleets_entry.hpp"
#include "async/deadline.hpp"
#include "async/this_executor.hpp"
#include "base/log.hpp"

namespace gk::app {
namespace {

constexpr Milliseconds between_strays = std::chrono::minutes(5);
constexpr std::uint32_t slots_most = 30'000;

MatchServers::Refusal refusal_of(const Error& error) { return {.code = error.code, .detail = error.message}; }

// The fleet whose servers it counts among; empty: none.
const std::string& fleet_name_of(const FleetServer& server) { return server.fleet.empty() ? server.beside : server.fleet; }

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

Fleets::Kept* Fleets::fleet_of(const Entry& entry) const {
    const auto at = fleets_.find(fleet_name_of(entry.server));
    return at == fleets_.end() ? nullptr : at->second.get();
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
