#include <utility>

#include <fmt/format.h>

#include "app/fleet/fleets.hpp"
#include "app/fleet/fleets_entry.hpp"
#include "base/log.hpp"

namespace gk::app {
namespace {

MatchServers::Refusal not_at_work() { return {.code = "not_at_work", .detail = "another control plane hands out servers: ask it"}; }
MatchServers::Refusal not_taken() { return {.code = "start_failed", .detail = "the server did not take its match"}; }

}  // namespace

Fleets::Entry* Fleets::oldest_ready(const std::string& fleet) const {
    const auto kept = fleets_.find(fleet);
    const auto oldest = kept == fleets_.end() ? std::nullopt : kept->second->roster.oldest_ready();
    return oldest ? entries_.at(*oldest).get() : nullptr;
}

MatchServers::Answer<std::optional<match::MatchServer>> Fleets::take(match::Match match, QueueRecord queue) {
    if (const auto* known = of_match(match.id)) {
        // Of one that is not up start() waits for what comes of it: with a second one the match would have two.
        if (!known->is_up || !known->ending.empty()) co_return std::nullopt;
        CO_TRY(address, co_await address_of(known->server.uid, match));
        co_return std::optional(std::move(address));
    }
    if (queue.fleet.empty()) co_return std::nullopt;
    co_return co_await take_ready(std::move(queue.fleet), std::move(match), false);
}

MatchServers::Answer<std::optional<match::MatchServer>> Fleets::take_ready(std::string fleet, match::Match match, bool is_foreign) {
    while (auto* entry = oldest_ready(fleet)) {
        entry->is_being_handed_out = true;  // It stays: tend() does not take it down meanwhile.
        note(*entry);
        auto handed = co_await hand_out(*entry, match, is_foreign);
        entry->is_being_handed_out = false;
        note(*entry);
        entry->waiting.wake_all();
        if (handed) co_return std::optional(std::move(*handed));
        // Of the next one nothing would be stored either: the shift is over.
        if (handed.error().code == "not_stored") co_return std::unexpected(std::move(handed.error()));
    }
    co_return std::nullopt;
}

// Of a match's own server, which hears of its match now when an earlier control plane may not have come so far.
MatchServers::Answer<match::MatchServer> Fleets::address_of(ServerUid uid, match::Match match) {
    const auto server = entries_.at(uid)->server;
    if (!entries_.at(uid)->knows_match) {
        const auto told = co_await ports_.starter.tell_match(server, match, shift_->epoch());
        const auto at = entries_.find(uid);
        const bool is_there = at != entries_.end() && at->second->ending.empty();
        if (is_there && told) at->second->knows_match = true;
        if (is_there && !told) end(*at->second, "not_told");
        if (!is_there || !told) co_return std::unexpected(not_taken());
    }
    auto address = co_await ports_.starter.address(server);
    if (!address) co_return std::unexpected(Refusal{.code = address.error().code, .detail = address.error().message});
    co_return std::move(*address);
}

// Stored first, told then: a server that was told and that nobody remembers would be handed out twice.
MatchServers::Answer<match::MatchServer> Fleets::hand_out(Entry& entry, match::Match match, bool is_foreign) {
    auto server = entry.server;
    server.match = match.id;
    server.is_foreign = is_foreign;
    server.state = fleet::ServerState::allocated;
    server.since = ports_.clock.now();
    const bool is_stored = co_await store(server);
    if (!is_stored) co_return std::unexpected(Refusal{.code = "not_stored", .detail = "the store does not answer"});
    const auto told = co_await ports_.starter.tell_match(server, match, shift_->epoch());
    auto address = co_await ports_.starter.address(server);
    if (!told || !address) end(entry, "not_told");
    // It may have ended meanwhile.
    if (!entry.ending.empty()) co_return std::unexpected(not_taken());
    entry.server = std::move(server);
    by_match_[match.id] = entry.server.uid;
    if (auto* fleet = fleet_of(entry)) {
        const auto now = ports_.clock.now();
        if (fleet->last_taken) fleet::note_taken(fleet->use, now - *fleet->last_taken);
        fleet->last_taken = now;
        if (ports_.handed_out) ports_.handed_out(fleet->fleet.name);
    }
    show(entry);
    co_return std::move(*address);
}

// People see a little later which match a server of a fleet has.
void Fleets::show(const Entry& entry) {
    const auto& server = entry.server;
    if (tasks_ == nullptr || !server.match || server.fleet.empty()) return;
    tasks_->spawn("label of " + server.name, show_match(server.uid, *server.match));
}

Task<void> Fleets::show_match(ServerUid uid, MatchId match) {
    const auto shown = co_await ports_.starter.show_match(uid, match, shift_->epoch());
    if (!shown) log::warning("fleet", "a server does not show its match", {{"server", uid}, {"match", match}, {"detail", shown.error().message}});
}

// Among the tasks of this shift, which ends before anything that they stand on does.
MatchServers::Answer<match::MatchServer> Fleets::allocate(std::string fleet, MatchId match) {
    if (!has_begun_) co_return std::unexpected(not_at_work());
    auto work = take_foreign(std::move(fleet), match);
    auto taken = co_await async::run_in(*tasks_, "allocation", std::move(work));
    if (!taken) co_return std::unexpected(not_at_work());
    co_return std::move(*taken);
}

MatchServers::Answer<match::MatchServer> Fleets::take_foreign(std::string fleet, MatchId match) {
    match::Match stand_in;
    stand_in.id = match;
    if (const auto* known = of_match(match); known != nullptr && known->is_up && known->ending.empty())
        co_return co_await address_of(known->server.uid, std::move(stand_in));
    auto taken = co_await take_ready(fleet, std::move(stand_in), true);
    if (!taken) co_return std::unexpected(std::move(taken.error()));
    if (*taken) co_return std::move(**taken);
    co_return std::unexpected(Refusal{.code = "exhausted", .detail = fmt::format("no server of the fleet '{}' waits", fleet)});
}

}  // namespace gk::app
