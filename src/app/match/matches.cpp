#include "app/match/matches.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "domain/match/rules/rule_set.hpp"

namespace gk::app {
namespace {

Error not_asked(std::string why) { return {.kind = Error::Kind::conflict, .code = "not_asked", .message = std::move(why)}; }

Error not_running(const match::Match& match) {
    return {.kind = Error::Kind::conflict,
            .code = "not_running",
            .message = fmt::format("the match is {}; this can only be said of one that has its server", name_of(match.state))};
}

// Whom a visitor reports as gone. The error names those who are not in the match.
std::vector<FieldError> mark_leavers(match::Match& match, const std::vector<std::string>& players, Time now) {
    std::vector<FieldError> wrong;
    for (std::size_t i = 0; i < players.size(); ++i) {
        bool is_there = false;
        for (auto& member : match.members) {
            if (member.player != players[i]) continue;
            is_there = true;
            if (!member.left_at) member.left_at = now;
        }
        if (!is_there) wrong.push_back({fmt::format("/players/{}", i), "not_found", fmt::format("'{}' is not in this match", players[i]), {}});
    }
    return wrong;
}

}  // namespace

Matches::Answer<match::Match> Matches::find(Visitor visitor, MatchId id) {
    auto match = co_await ports_.store.match(id);
    if (!match) co_return std::unexpected(from(match.error()));
    const bool is_known = may_read_all(visitor) || speaks_for(*match, visitor) || is_in(*match, visitor);
    if (match->tenant != visitor.caller.tenant || !is_known) co_return std::unexpected(not_found("there is no such match"));
    co_return std::move(*match);
}

Matches::Answer<std::vector<match::Match>> Matches::list(Visitor visitor, MatchStore::MatchFilter filter) {
    if (!may_read_all(visitor)) co_return std::unexpected(not_yours("matches of others are for operators"));
    filter.tenant = visitor.caller.tenant;
    auto found = co_await ports_.store.matches(std::move(filter));
    if (!found) co_return std::unexpected(from(found.error()));
    co_return std::move(*found);
}

// As it is stored afterwards, with what others have said meanwhile: unchanged when it has gone too far for this to be said of it.
Matches::Answer<match::Match> Matches::store(match::Match match) {
    std::vector<TicketId> nobody;
    auto stored = co_await ports_.store.advance(match, std::move(nobody), ports_.clock.now(), no_keeper);
    if (!stored && stored.error().kind != StoreError::Kind::conflict) co_return std::unexpected(from(stored.error()));
    auto now = co_await ports_.store.match(match.id);
    if (!now) co_return std::unexpected(from(now.error()));
    co_return std::move(*now);
}

Matches::Answer<match::Match> Matches::answer(Visitor visitor, MatchId id, bool accepted) {
    CO_TRY(match, co_await find(visitor, id));
    if (!visitor.player) co_return std::unexpected(not_yours("a match is accepted by its players, with their own tokens"));
    const auto member = std::ranges::find(match.members, *visitor.player, &match::Member::player);
    if (member->accepted == accepted) co_return match;
    if (member->accepted) co_return std::unexpected(not_asked("this player has given the other answer"));
    // Also who came into a match that runs is asked.
    if (match.state != match::MatchState::accepting && !match::is_being_asked(*member))
        co_return std::unexpected(not_asked("the match is not waiting for answers"));
    member->accepted = accepted;
    CO_TRY(stored, co_await store(std::move(match)));
    // It may have failed meanwhile, and then nobody took the answer in.
    const auto is_mine = [&](const match::Member& one) { return one.player == *visitor.player && one.accepted == accepted; };
    if (std::ranges::none_of(stored.members, is_mine)) co_return std::unexpected(not_asked("the match was over before the answer came"));
    co_return stored;
}

Matches::Answer<match::Match> Matches::leave(Visitor visitor, MatchId id, std::vector<std::string> players) {
    auto match = co_await ports_.store.match(id);
    if (!match) co_return std::unexpected(from(match.error()));
    const bool is_own = visitor.player && std::ranges::find(match->members, *visitor.player, &match::Member::player) != match->members.end();
    if (match->tenant != visitor.caller.tenant || (!is_own && !may_read_all(visitor) && !speaks_for(*match, visitor)))
        co_return std::unexpected(not_found("there is no such match"));
    if (visitor.player && players.empty()) players.push_back(*visitor.player);
    const bool is_for_itself = visitor.player && players.size() == 1 && players[0] == *visitor.player;
    if (!is_for_itself && !speaks_for(*match, visitor))
        co_return std::unexpected(not_yours("a player leaves for itself; others are reported by the match's server or an operator"));
    if (players.empty()) co_return std::unexpected(invalid({{.pointer = "/players", .code = "required", .detail = "say who has left", .mark = {}}}));
    auto wrong = mark_leavers(*match, players, ports_.clock.now());
    if (!wrong.empty()) co_return std::unexpected(invalid(std::move(wrong)));
    if (match::is_over(match->state)) co_return std::move(*match);
    co_return co_await store(std::move(*match));
}

Matches::Answer<match::Match> Matches::fill(Visitor visitor, MatchId id, std::uint32_t size) {
    CO_TRY(match, co_await find(visitor, id));
    if (!speaks_for(match, visitor)) co_return std::unexpected(not_yours("more players are asked for by the match's server or an operator"));
    if (size > match::players_limit) {
        auto detail = fmt::format("a match has at most {} players", match::players_limit);
        co_return std::unexpected(invalid({{.pointer = "/size", .code = "out_of_range", .detail = std::move(detail), .mark = {}}}));
    }
    if (match.state != match::MatchState::assigned) co_return std::unexpected(not_running(match));
    if (match.kept_at == size) co_return match;
    match.kept_at = size;
    match.kept_since = ports_.clock.now();
    co_return co_await store(std::move(match));
}

Matches::Answer<match::Match> Matches::end(Visitor visitor, MatchId id, std::string reason, std::optional<MatchResults> results) {
    CO_TRY(match, co_await find(visitor, id));
    if (!visitor.player && !speaks_for(match, visitor))
        co_return std::unexpected(not_yours("a match is ended by its players, its server or an operator"));
    if (results && visitor.player) co_return std::unexpected(not_yours("results come from the match's server or an operator, not from its players"));
    // Rated first: whoever is told that it has ended may rely on both.
    if (results) CO_TRY_OK(co_await rate(match, std::move(*results)));
    if (match::is_over(match.state)) co_return match;
    match.state = match::MatchState::ended;
    match.end_reason = std::move(reason);
    match.ended_at = ports_.clock.now();
    co_return co_await store(std::move(match));
}

// Until no other match of one of its players was rated in between.
Matches::Answer<Success> Matches::rate(match::Match match, MatchResults results) {
    const bool was_played = match.state == match::MatchState::assigned || match.state == match::MatchState::ended;
    if (!was_played) co_return std::unexpected(not_running(match));
    auto wrong = wrong_with(results, match, "/results");
    if (!wrong.empty()) co_return std::unexpected(invalid(std::move(wrong)));
    CO_TRY(how, co_await rating_of(match.queue));
    while (true) {
        auto known = co_await ports_.store.ratings(match.queue, players_of(results, match));
        if (!known) co_return std::unexpected(from(known.error()));
        auto ratings = rated(results, match, how.model, *known);
        const auto stored = co_await ports_.store.rate(match.id, std::move(ratings), no_keeper);
        if (stored) co_return Success{};
        if (stored.error().kind != StoreError::Kind::conflict) co_return std::unexpected(from(stored.error()));
    }
}

// Of a queue that is gone, as of one that says nothing.
Matches::Answer<QueueRating> Matches::rating_of(std::string queue) {
    auto queues = co_await ports_.store.queues();
    if (!queues) co_return std::unexpected(from(queues.error()));
    const auto at = std::ranges::find(*queues, queue, &QueueRecord::name);
    co_return at == queues->end() ? QueueRating() : at->rating;
}

Matches::Answer<PlayerRating> Matches::rating(Visitor visitor, std::string queue, std::string player) {
    if (!may_read_all(visitor) && visitor.player != player) co_return std::unexpected(not_yours("a rating is for its player and for operators"));
    CO_TRY(how, co_await rating_of(queue));
    std::vector<std::string> one{player};
    auto known = co_await ports_.store.ratings(queue, std::move(one));
    if (!known) co_return std::unexpected(from(known.error()));
    co_return rating_or_newcomer(*known, player, queue, how.model);
}

}  // namespace gk::app
