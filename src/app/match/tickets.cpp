#include "app/match/tickets.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "app/match/join_token.hpp"
#include "app/match/results.hpp"
#include "async/deadline.hpp"
#include "async/signal.hpp"
#include "tls/digest.hpp"

namespace gk::app {
namespace {

constexpr Milliseconds token_life = std::chrono::hours(24);
constexpr Milliseconds beat_most = std::chrono::seconds(15);
constexpr Milliseconds silences_fresh = std::chrono::seconds(5);  // Thousands that listen ask at every beat.
constexpr std::size_t players_of_ticket = 100;
constexpr std::size_t id_bytes = 128;
constexpr std::size_t queues_of_ticket = 8;
constexpr std::string_view token_begin = "gkp_";

// A ticket has one value of an attribute.
void check_ratings(const std::vector<QueueRecord>& queues, std::vector<FieldError>& wrong) {
    std::set<std::string_view> attributes;
    for (std::size_t i = 0; i < queues.size(); ++i) {
        const auto& attribute = queues[i].rating.attribute;
        if (attribute.empty() || attributes.insert(attribute).second) continue;
        wrong.push_back(
            {fmt::format("/queues/{}", i),
             "not_allowed",
             fmt::format("'{}' and a queue before it both rate players as '{}': join them one after the other", queues[i].name, attribute),
             {}});
    }
}

Error player_waits(const match::Ticket& ticket) {
    return {.kind = Error::Kind::conflict,
            .code = "player_waits",
            .message = fmt::format("a player of this party waits or plays already, with ticket {}: cancel that one first", ticket.id.text())};
}

bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

void check_players(const std::vector<match::Player>& players, std::vector<FieldError>& wrong) {
    const auto fail = [&](std::string pointer, std::string code, std::string detail) {
        wrong.push_back({.pointer = std::move(pointer), .code = std::move(code), .detail = std::move(detail), .mark = {}});
    };
    if (players.empty()) fail("/players", "required", "a ticket is for at least one player");
    if (players.size() > players_of_ticket) fail("/players", "out_of_range", fmt::format("a party has at most {} players", players_of_ticket));
    std::set<std::string_view> ids;
    for (std::size_t i = 0; i < players.size(); ++i) {
        const auto& id = players[i].id;
        const auto pointer = fmt::format("/players/{}/id", i);
        if (id.empty() || id.size() > id_bytes || !is_plain(id))
            fail(pointer, "bad_format", fmt::format("a player's id has 1 to {} characters, none of them a control character", id_bytes));
        if (!ids.insert(id).second) fail(pointer, "not_allowed", fmt::format("the player '{}' stands twice", id));
    }
}

// The same key is the same ticket.
TicketId ticket_id(const Visitor& visitor, const Idempotency& once) {
    const auto text = fmt::format("{}\n{}\n{}", visitor.caller.tenant, visitor.caller.name, once.key);
    const auto digest = tls::sha256(std::as_bytes(std::span(text)));
    UuidBits bits{};
    std::ranges::copy_n(reinterpret_cast<const std::uint8_t*>(digest.data()), bits.size(), bits.begin());
    return TicketId(uuid_from_random(bits));
}

using Attributes = std::map<std::string, match::AttributeValue>;

// Those that a player says of itself.
Attributes own_attributes(Attributes all, const std::vector<QueueRecord>& queues) {
    for (const auto& queue : queues) all.erase(queue.rating.attribute);
    return all;
}

// Whether this ticket was made by such an order. What its players bring along counts only while nobody has changed it.
bool is_made_by(const match::Ticket& order, const match::Ticket& ticket, const std::vector<QueueRecord>& queues, bool is_changed) {
    const auto brings_the_same = [&](const match::Player& a, const match::Player& b) {
        return own_attributes(a.attributes, queues) == own_attributes(b.attributes, queues) && a.latencies == b.latencies;
    };
    const auto is_same_player = [&](const match::Player& a, const match::Player& b) {
        return a.id == b.id && a.blocked == b.blocked && (is_changed || brings_the_same(a, b));
    };
    return order.queues == ticket.queues && order.priority == ticket.priority && std::ranges::equal(order.players, ticket.players, is_same_player);
}

std::optional<std::string> known_player(const Visitor& visitor) { return visitor.is_hearsay ? std::nullopt : visitor.player; }

}  // namespace

Tickets::Answer<Tickets::Joined> Tickets::join(Visitor visitor, JoinOrder order, Idempotency once) {
    if (visitor.server)
        co_return std::unexpected(not_yours("the key of a match's server is good for that match; players join with a key or a token"));
    auto wrong = order.unread;
    check_players(order.players, wrong);
    CO_TRY(queues, co_await queues_of(order.queues, wrong));
    if (!wrong.empty()) co_return std::unexpected(invalid(std::move(wrong)));
    const bool is_for_itself = visitor.player && order.players.size() == 1 && order.players[0].id == *visitor.player;
    if (visitor.player && !is_for_itself) co_return std::unexpected(not_yours("with a player's token only this player can join"));

    auto ticket = new_ticket(visitor, std::move(order), queues, once);
    CO_TRY_OK(co_await add_ratings(queues, ticket.players));
    auto joined = co_await ports_.store.join(ticket);
    if (!joined) co_return std::unexpected(from(joined.error()));
    if (!once.key.empty()) CO_TRY_OK(co_await repeat(std::move(ticket), std::move(queues), *joined));
    if (joined->outcome == MatchStore::Joined::Outcome::taken) co_return std::unexpected(player_waits(joined->ticket));
    Joined out;
    out.is_new = joined->outcome == MatchStore::Joined::Outcome::created;
    if (joined->ticket.state == match::TicketState::queued) ports_.stored(joined->ticket);
    // Else a stranger who names a player of another one's ticket could speak for it.
    const bool is_told = out.is_new || !visitor.is_hearsay;
    const auto& players = joined->ticket.players;
    for (const auto& player : players) {
        if (is_told) out.tokens[player.id] = token_of(joined->ticket.tenant, player.id);
    }
    auto alone = is_told && players.size() == 1 ? std::optional(players.front().id) : std::nullopt;
    CO_TRY(shown, co_await view(std::move(joined->ticket), std::move(alone)));
    out.view = std::move(shown);
    co_return out;
}

// What the key brought about the first time is the answer, whatever its players do now; for another order it is refused.
Tickets::Answer<Success> Tickets::repeat(match::Ticket order, std::vector<QueueRecord> queues, MatchStore::Joined& joined) {
    if (joined.ticket.id != order.id) {
        auto known = co_await ports_.store.ticket(order.id);
        if (!known && known.error().kind == StoreError::Kind::not_found) co_return Success{};
        if (!known) co_return std::unexpected(from(known.error()));
        joined = {.outcome = MatchStore::Joined::Outcome::created, .ticket = std::move(*known)};
    }
    if (is_made_by(order, joined.ticket, queues, false)) co_return Success{};
    MatchStore::EventFilter filter;
    filter.ticket = order.id;
    auto events = co_await ports_.store.events(std::move(filter));
    if (!events) co_return std::unexpected(from(events.error()));
    const bool is_changed = std::ranges::find(*events, "changed", &MatchEvent::what) != events->end();
    if (is_made_by(order, joined.ticket, queues, is_changed)) co_return Success{};
    co_return std::unexpected(idempotency_mismatch());
}

Tickets::Answer<std::vector<QueueRecord>> Tickets::queues_of(const std::vector<std::string>& names, std::vector<FieldError>& wrong) {
    auto all = co_await ports_.store.queues();
    if (!all) co_return std::unexpected(from(all.error()));
    if (names.empty() || names.size() > queues_of_ticket)
        wrong.push_back({"/queues", "out_of_range", fmt::format("name 1 to {} queues", queues_of_ticket), {}});
    std::vector<QueueRecord> found;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto at = std::ranges::find(*all, names[i], &QueueRecord::name);
        if (at == all->end()) wrong.push_back({fmt::format("/queues/{}", i), "not_found", fmt::format("there is no queue '{}'", names[i]), {}});
        else found.push_back(*at);
    }
    check_ratings(found, wrong);
    co_return found;
}

// What the queues know of these players goes with them, whatever they say of themselves.
Tickets::Answer<Success> Tickets::add_ratings(const std::vector<QueueRecord>& queues, std::vector<match::Player>& players) {
    std::vector<std::string> names;
    for (const auto& player : players) names.push_back(player.id);
    for (const auto& queue : queues) {
        if (queue.rating.attribute.empty()) continue;
        auto known = co_await ports_.store.ratings(queue.name, names);
        if (!known) co_return std::unexpected(from(known.error()));
        for (auto& player : players)
            player.attributes[queue.rating.attribute] = rating_or_newcomer(*known, player.id, queue.name, queue.rating.model).standing.value;
    }
    co_return Success{};
}

match::Ticket Tickets::new_ticket(const Visitor& visitor, JoinOrder order, const std::vector<QueueRecord>& queues, const Idempotency& once) {
    const auto now = ports_.clock.now();
    const auto longest = std::ranges::max_element(queues, {}, &QueueRecord::ticket_ttl)->ticket_ttl;
    match::Ticket ticket;
    ticket.id = once.key.empty() ? ports_.random.id<TicketId>() : ticket_id(visitor, once);
    ticket.tenant = visitor.caller.tenant;
    ticket.queues = std::move(order.queues);
    ticket.players = std::move(order.players);
    ticket.priority = order.priority;
    ticket.joined_at = now;
    ticket.seen_at = now;
    ticket.expires_at = now + longest;
    return ticket;
}

Tickets::Answer<match::Ticket> Tickets::find(const Visitor& visitor, TicketId id) {
    auto ticket = co_await ports_.store.ticket(id);
    if (!ticket) co_return std::unexpected(from(ticket.error()));
    const bool is_known = may_read_all(visitor) || is_on(*ticket, visitor);
    if (ticket->tenant != visitor.caller.tenant || !is_known) co_return std::unexpected(not_found("there is no such ticket"));
    if (is_sign_of_life(visitor)) ports_.seen(id);
    co_return std::move(*ticket);
}

Tickets::Answer<TicketView> Tickets::view(match::Ticket ticket, std::optional<std::string> player) {
    TicketView out{.ticket = std::move(ticket), .match = {}, .join_token = {}};
    if (out.ticket.match) {
        auto found = co_await ports_.store.match(*out.ticket.match);
        if (!found && found.error().kind != StoreError::Kind::not_found) co_return std::unexpected(from(found.error()));
        if (found) out.match = match::as_seen_by(std::move(*found), out.ticket.id);
    }
    const bool is_asked_for = out.match && out.match->join_tokens && out.match->state == match::MatchState::assigned;
    if (is_asked_for && player) {
        const auto key = MatchKeys(ports_.key).of_join_tokens(out.match->id);
        out.join_token = make_join_token(key, out.match->id.text(), *player, ports_.clock.calendar() + token_life);
    }
    co_return out;
}

Tickets::Answer<TicketView> Tickets::show(Visitor visitor, TicketId id) {
    CO_TRY(ticket, co_await find(visitor, id));
    co_return co_await view(std::move(ticket), known_player(visitor));
}

Tickets::Answer<TicketView> Tickets::show_of(Visitor visitor, std::string player) {
    auto ticket = co_await ports_.store.ticket_of(visitor.caller.tenant, std::move(player));
    if (!ticket) co_return std::unexpected(from(ticket.error()));
    co_return co_await show(std::move(visitor), ticket->id);
}

Tickets::Answer<TicketView> Tickets::wait(Visitor visitor, TicketId id, Time until, std::string known) {
    async::Signal changed;
    const auto watch = ports_.feed.watch(id, [&changed](const MatchEvent&) { changed.raise(); });
    CO_TRY(before, co_await show(visitor, id));
    if (match::is_over(before.ticket.state) || (!known.empty() && before.state() != known)) co_return before;
    const auto beat = is_sign_of_life(visitor) ? co_await beat_of(before.ticket.queues) : beat_most;
    while (true) {
        const auto next = std::min(until, ports_.clock.now() + beat);
        auto waiting = changed.wait();
        const bool is_changed = co_await async::finishes_by(ports_.clock, next, std::move(waiting));
        if (is_changed) co_return co_await show(std::move(visitor), id);
        if (next == until) co_return before;
        if (is_sign_of_life(visitor)) ports_.seen(id);
    }
}

// Three times within the least silence that one of them bears, so that one that comes late costs nobody a place.
Task<Milliseconds> Tickets::beat_of(std::vector<std::string> queues) {
    const auto is_known = [this](const std::string& queue) { return silences_.contains(queue); };
    if (ports_.clock.now() >= silences_until_ || !std::ranges::all_of(queues, is_known)) co_await read_silences();
    auto beat = beat_most;
    for (const auto& queue : queues) {
        if (const auto known = silences_.find(queue); known != silences_.end()) beat = std::min(beat, known->second / 3);
    }
    co_return beat;
}

Task<void> Tickets::read_silences() {
    const auto queues = co_await ports_.store.queues();
    if (!queues) co_return;
    silences_.clear();
    for (const auto& queue : *queues) silences_.emplace(queue.name, queue.silence);
    silences_until_ = ports_.clock.now() + silences_fresh;
}

Task<Milliseconds> Tickets::touch(TicketId id, std::vector<std::string> queues) {
    ports_.seen(id);
    co_return co_await beat_of(std::move(queues));
}

Task<Milliseconds> Tickets::touch(std::string tenant, std::string player) {
    auto ticket = co_await ports_.store.ticket_of(std::move(tenant), std::move(player));
    if (!ticket || match::is_over(ticket->state)) co_return beat_most;
    ports_.seen(ticket->id);
    co_return co_await beat_of(std::move(ticket->queues));
}

Tickets::Answer<MatchStore::Left> Tickets::cancel(Visitor visitor, TicketId id) {
    CO_TRY(ticket, co_await find(visitor, id));
    if (!visitor.player && !is_operator(visitor)) co_return std::unexpected(not_yours("only its players and operators cancel a ticket"));
    auto left = co_await ports_.store.cancel(ticket.id, ports_.clock.now());
    if (!left) co_return std::unexpected(from(left.error()));
    co_return std::move(*left);
}

Tickets::Answer<TicketView> Tickets::change(Visitor visitor, TicketId id, std::vector<match::Player> players) {
    CO_TRY(ticket, co_await find(visitor, id));
    if (!visitor.player && !is_operator(visitor)) co_return std::unexpected(not_yours("only its players and operators change a ticket"));
    std::vector<FieldError> gone;  // Queues that were removed rate nobody any more.
    CO_TRY(queues, co_await queues_of(ticket.queues, gone));
    CO_TRY_OK(co_await add_ratings(queues, players));
    auto changed = co_await ports_.store.change(ticket.id, std::move(players), ports_.clock.now());
    if (!changed) co_return std::unexpected(from(changed.error()));
    co_return co_await view(std::move(*changed), known_player(visitor));
}

Result<Success, Error> Tickets::may_hear(const Visitor& visitor, const std::string& player) const {
    if (may_read_all(visitor) || visitor.player == player) return Success{};
    return std::unexpected(not_yours("what happens to a player is for itself and for operators"));
}

std::string Tickets::token_of(const std::string& tenant, const std::string& player) const {
    return std::string(token_begin) + tenant + "." + make_join_token(ports_.key, "player of " + tenant, player, ports_.clock.calendar() + token_life);
}

std::optional<Visitor> Tickets::visitor_of(std::string_view token) const {
    if (auto server = MatchKeys(ports_.key).server_of(token)) {
        Caller caller{.name = "match:" + server->match.text(), .scope = Scope::player, .tenant = std::move(server->tenant)};
        return Visitor{.caller = std::move(caller), .player = {}, .server = server->match};
    }
    if (!token.starts_with(token_begin)) return std::nullopt;
    token.remove_prefix(token_begin.size());
    const auto dot = token.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const std::string tenant(token.substr(0, dot));
    auto player = player_of_join_token(ports_.key, "player of " + tenant, token.substr(dot + 1), ports_.clock.calendar());
    if (!player) return std::nullopt;
    return Visitor{.caller = {.name = "player:" + *player, .scope = Scope::player, .tenant = tenant}, .player = std::move(*player)};
}

}  // namespace gk::app
