#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "app/fleet/fleets.hpp"
#include "app/fleet/fleets_entry.hpp"
#include "async/deadline.hpp"
#include "base/log.hpp"

// What the matchmaker asks of servers for its matches, but for those that wait already: hand_out.cpp gives those.
namespace gk::app {
namespace {

// What goes by itself: somebody's server ends, or becomes ready.
constexpr std::string_view exhausted = "exhausted";
bool may_end_soon(const MatchServers::Refusal& refusal) { return refusal.code == exhausted || refusal.code == no_room; }

}  // namespace

Fleets::Entry* Fleets::of_match(MatchId match) {
    const auto at = by_match_.find(match);
    return at == by_match_.end() ? nullptr : entries_.at(at->second).get();
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

}  // namespace gk::app
