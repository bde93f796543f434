#include "adapters/sqlite/match_rows.hpp"

#include "adapters/sqlite/document.hpp"
#include "domain/match/codec.hpp"
#include "domain/match/quick_read.hpp"

namespace gk::sqlite {
namespace {

using Kind = StoreError::Kind;

std::string text_of(const std::optional<MatchId>& match) { return match ? match->text() : std::string(); }

template <class T>
Result<T, StoreError> read_list(std::string_view what, std::string_view text) {
    TRY(value, parse_document(what, text));
    Errors errors;
    T out;
    if (decode(value, "", errors, out)) return out;
    const auto& first = errors.list().front();
    return std::unexpected(corrupt_row(what, fmt::format("{}: {}", first.pointer, first.detail)));
}

Result<std::vector<std::string>, StoreError> read_names(std::string_view what, std::string_view text) {
    if (auto names = match::quick_names(text)) return std::move(*names);
    return read_list<std::vector<std::string>>(what, text);
}

Result<std::optional<StoredTicket>, StoreError> read_one_ticket(Rows rows) {
    TRY(found, rows.next());
    if (!found) return std::nullopt;
    TRY(stored, read_ticket(rows));
    return std::optional(std::move(stored));
}

}  // namespace

Result<std::vector<match::Player>, StoreError> read_players(std::string_view what, std::string_view text) {
    if (auto players = match::quick_players(text)) return std::move(*players);
    return read_list<std::vector<match::Player>>(what, text);
}

Result<match::Match, StoreError> read_match(std::string_view what, std::string_view text) {
    if (auto match = match::quick_match(text)) return std::move(*match);
    return read_document<match::Match>(what, text);
}

Result<StoredTicket, StoreError> read_ticket(const Rows& row) {
    const auto what = fmt::format("ticket {}", row.text(1));
    const auto id = TicketId::parse(row.text(1));
    const auto state = from_name<match::TicketState>(row.text(3));
    const auto match = MatchId::parse(row.text(9));
    if (!id || !state || match.has_value() == row.text(9).empty()) return std::unexpected(corrupt_row(what, "its id, state or match is none"));
    TRY(queues, read_names(what, row.text(11)));
    TRY(players, read_players(what, row.text(12)));
    return StoredTicket{.number = row.number(0),
                        .ticket = {.id = *id,
                                   .tenant = std::string(row.text(2)),
                                   .queues = std::move(queues),
                                   .players = std::move(players),
                                   .priority = static_cast<std::int32_t>(row.number(7)),
                                   .joined_at = row.time(4),
                                   .expires_at = row.time(5),
                                   .state = *state,
                                   .match = match,
                                   .reason = std::string(row.text(10)),
                                   .put_back = static_cast<std::uint32_t>(row.number(8))},
                        .seen_at = row.time(6)};
}

Result<std::vector<match::Ticket>, StoreError> read_tickets(Rows rows) {
    std::vector<match::Ticket> all;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return all;
        TRY(stored, read_ticket(rows));
        all.push_back(std::move(stored.ticket));
    }
}

Result<std::optional<StoredTicket>, StoreError> find_ticket(Connection& db, TicketId id) {
    return read_one_ticket(db.query("SELECT " GK_TICKET_COLUMNS " FROM match_tickets WHERE id = ?1", id.text()));
}

Result<StoredTicket, StoreError> get_ticket(Connection& db, TicketId id) {
    TRY(found, find_ticket(db, id));
    if (!found) return std::unexpected(StoreError{Kind::not_found, fmt::format("there is no ticket {}", id.text())});
    return std::move(*found);
}

Result<std::optional<StoredTicket>, StoreError> find_ticket_of(Connection& db, std::string_view tenant, std::string_view player) {
    return read_one_ticket(db.query("SELECT " GK_TICKET_COLUMNS " FROM match_tickets WHERE number = "
                                    "(SELECT max(ticket) FROM match_ticket_players WHERE tenant = ?1 AND player = ?2)",
                                    tenant, player));
}

Result<std::optional<StoredTicket>, StoreError> add_ticket(Connection& db, const match::Ticket& ticket) {
    TRY(added,
        db.change("INSERT INTO match_tickets (id, tenant, state, joined_at, expires_at, seen_at, priority, put_back, match, reason, queues, players) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?6, ?7, '', ?8, ?9, ?10) ON CONFLICT (id) DO NOTHING",
                  ticket.id.text(), ticket.tenant, name_of(ticket.state), ticket.joined_at, ticket.expires_at, ticket.priority, ticket.put_back,
                  ticket.reason, to_json(match::list_of(ticket.queues)), to_json(match::list_of(ticket.players))));
    if (added == 0) return std::nullopt;
    StoredTicket stored{.number = db.last_row(), .ticket = ticket, .seen_at = ticket.joined_at};
    for (const auto& player : ticket.players) {
        TRY_OK(db.change("INSERT INTO match_ticket_players (tenant, player, ticket, live) VALUES (?1, ?2, ?3, 1)", ticket.tenant, player.id,
                         stored.number));
    }
    return std::optional(std::move(stored));
}

Result<Success, StoreError> set_state(Connection& db, const StoredTicket& stored) {
    const auto& ticket = stored.ticket;
    TRY_OK(db.change("UPDATE match_tickets SET state = ?2, match = ?3, reason = ?4, put_back = ?5, seen_at = ?6 WHERE number = ?1", stored.number,
                     name_of(ticket.state), text_of(ticket.match), ticket.reason, ticket.put_back, stored.seen_at));
    return Success{};
}

Result<Success, StoreError> end_ticket(Connection& db, const StoredTicket& stored, Time now) {
    TRY_OK(set_state(db, stored));
    TRY_OK(db.change("UPDATE match_tickets SET over_at = ?2 WHERE number = ?1", stored.number, now));
    for (const auto& player : stored.ticket.players) {
        TRY_OK(db.change("UPDATE match_ticket_players SET live = 0 WHERE tenant = ?1 AND player = ?2 AND ticket = ?3", stored.ticket.tenant,
                         player.id, stored.number));
    }
    return Success{};
}

Result<Success, StoreError> set_players(Connection& db, const StoredTicket& stored) {
    TRY_OK(db.change("UPDATE match_tickets SET players = ?2 WHERE number = ?1", stored.number, to_json(match::list_of(stored.ticket.players))));
    return Success{};
}

Result<std::optional<StoredMatch>, StoreError> find_match(Connection& db, MatchId id) {
    auto rows = db.query("SELECT number, document FROM matches WHERE id = ?1", id.text());
    TRY(found, rows.next());
    if (!found) return std::nullopt;
    TRY(match, read_match(fmt::format("match {}", id.text()), rows.text(1)));
    return StoredMatch{.number = rows.number(0), .match = std::move(match)};
}

Result<StoredMatch, StoreError> get_match(Connection& db, MatchId id) {
    TRY(found, find_match(db, id));
    if (!found) return std::unexpected(StoreError{Kind::not_found, fmt::format("there is no match {}", id.text())});
    return std::move(*found);
}

Result<StoredMatch, StoreError> add_match(Connection& db, const match::Match& match) {
    TRY_OK(
        db.change("INSERT INTO matches (id, tenant, queue, state, live, rated, server, end_reason, claimed_at, document) "
                  "VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?6, ?7, ?8)",
                  match.id.text(), match.tenant, match.queue, name_of(match.state), match.server ? match.server->name : std::string(),
                  match.end_reason, match.claimed_at, to_json(to_value(match))));
    return StoredMatch{.number = db.last_row(), .match = match};
}

Result<Success, StoreError> set_match(Connection& db, const StoredMatch& stored) {
    const auto& match = stored.match;
    TRY_OK(db.change("UPDATE matches SET state = ?2, server = ?3, end_reason = ?4, document = ?5 WHERE number = ?1", stored.number,
                     name_of(match.state), match.server ? match.server->name : std::string(), match.end_reason, to_json(to_value(match))));
    return Success{};
}

Result<Success, StoreError> end_match(Connection& db, const StoredMatch& stored, Time now) {
    TRY_OK(db.change("UPDATE matches SET live = 0, over_at = ?2 WHERE number = ?1", stored.number, now));
    for (const auto& member : stored.match.members) {
        TRY_OK(db.change("UPDATE match_players SET live = 0 WHERE tenant = ?1 AND player = ?2 AND match = ?3", stored.match.tenant, member.player,
                         stored.number));
    }
    return Success{};
}

Result<bool, StoreError> is_playing(Connection& db, std::string_view tenant, std::string_view player) {
    return db.query("SELECT 1 FROM match_players WHERE tenant = ?1 AND player = ?2 AND live = 1", tenant, player).next();
}

Result<Success, StoreError> add_player(Connection& db, const StoredMatch& stored, std::string_view player) {
    TRY_OK(db.change("INSERT INTO match_players (tenant, player, match, live) VALUES (?1, ?2, ?3, 1) ON CONFLICT DO UPDATE SET live = 1",
                     stored.match.tenant, player, stored.number));
    return Success{};
}

Result<Success, StoreError> release_player(Connection& db, const StoredMatch& stored, const StoredTicket& ticket, std::string_view player) {
    TRY_OK(
        db.change("UPDATE match_players SET live = 0 WHERE tenant = ?1 AND player = ?2 AND match = ?3", stored.match.tenant, player, stored.number));
    TRY_OK(db.change("UPDATE match_ticket_players SET live = 0 WHERE tenant = ?1 AND player = ?2 AND ticket = ?3", ticket.ticket.tenant, player,
                     ticket.number));
    return Success{};
}

Result<Success, StoreError> add_event(Connection& db, const StoredTicket& about, Time at, std::string_view what, std::string_view detail) {
    TRY_OK(db.change("INSERT INTO match_events (ticket, at, match, what, detail) VALUES (?1, ?2, ?3, ?4, ?5)", about.number, at,
                     text_of(about.ticket.match), what, detail));
    return Success{};
}

}  // namespace gk::sqlite
