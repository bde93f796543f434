#include "adapters/sqlite/match_store.hpp"

#include <algorithm>
#include <limits>

#include "adapters/sqlite/document.hpp"
#include "adapters/sqlite/match_changes.hpp"
#include "adapters/sqlite/match_rows.hpp"
#include "domain/match/codec.hpp"
#include "ports/match_codec.hpp"

namespace gk::sqlite {
namespace {

using Kind = StoreError::Kind;

std::int64_t number_of(std::size_t limit) { return static_cast<std::int64_t>(std::min<std::size_t>(limit, 1u << 20)); }

// Rows of a name or an id, and a document that `read` reads.
template <class T>
Result<std::vector<T>, StoreError> read_documents(std::string_view table, Rows rows,
                                                  Result<T, StoreError> (*read)(std::string_view, std::string_view)) {
    std::vector<T> all;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return all;
        TRY(item, read(fmt::format("row {} of {}", rows.text(0), table), rows.text(1)));
        all.push_back(std::move(item));
    }
}

Result<std::vector<match::Match>, StoreError> read_matches(Rows rows) { return read_documents("matches", std::move(rows), read_match); }

Result<std::vector<match::Match>, StoreError> matches_now(Connection& db, const MatchStore::MatchFilter& filter) {
    auto before = std::numeric_limits<std::int64_t>::max();
    if (filter.after) {
        TRY(last, get_match(db, *filter.after));
        before = last.number;
    }
    const int live_least = filter.live_only ? 1 : 0;
    const auto limit = number_of(filter.limit);
    if (filter.player) {
        return read_matches(
            db.query("SELECT id, document FROM match_players p JOIN matches m ON m.number = p.match WHERE p.tenant = ?1 AND p.player = ?2 "
                     "AND p.match < ?3 AND m.live >= ?4 AND (?5 = '' OR queue = ?5) ORDER BY p.match DESC LIMIT ?6",
                     filter.tenant, *filter.player, before, live_least, filter.queue.value_or(""), limit));
    }
    if (filter.queue) {
        return read_matches(
            db.query("SELECT id, document FROM matches WHERE tenant = ?1 AND queue = ?2 AND number < ?3 "
                     "AND live >= ?4 ORDER BY number DESC LIMIT ?5",
                     filter.tenant, *filter.queue, before, live_least, limit));
    }
    if (filter.live_only) {
        return read_matches(
            db.query("SELECT id, document FROM matches WHERE live = 1 AND (?1 = '' OR tenant = ?1) AND number < ?2 ORDER BY number DESC LIMIT ?3",
                     filter.tenant, before, limit));
    }
    return read_matches(
        db.query("SELECT id, document FROM matches WHERE tenant = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3", filter.tenant, before, limit));
}

Result<std::vector<match::Ticket>, StoreError> waiting_now(Connection& db, const std::optional<TicketId>& after, std::size_t limit) {
    auto since = Time::min();
    std::string id;
    if (after) {
        TRY(last, get_ticket(db, *after));
        since = last.ticket.joined_at;
        id = after->text();
    }
    return read_tickets(db.query("SELECT " GK_TICKET_COLUMNS " FROM match_tickets WHERE state = 'queued' AND (joined_at, id) > (?1, ?2) "
                                 "ORDER BY joined_at, id LIMIT ?3",
                                 since, id, number_of(limit)));
}

#define GK_EVENTS "SELECT e.number, e.at, t.id, t.players, e.match, e.what, e.detail FROM match_events e JOIN match_tickets t ON t.number = e.ticket "

Result<MatchEvent, StoreError> read_event(const Rows& row) {
    const auto what = fmt::format("event {} of a ticket", row.number(0));
    const auto ticket = TicketId::parse(row.text(2));
    const auto match = MatchId::parse(row.text(4));
    if (!ticket || match.has_value() == row.text(4).empty()) return std::unexpected(corrupt_row(what, "its ticket or match is none"));
    MatchEvent event{.number = static_cast<std::uint64_t>(row.number(0)),
                     .at = row.time(1),
                     .ticket = *ticket,
                     .players = {},
                     .match = match,
                     .what = std::string(row.text(5)),
                     .detail = std::string(row.text(6))};
    TRY(players, read_players(what, row.text(3)));
    for (auto& player : players) event.players.push_back(std::move(player.id));
    return event;
}

Result<std::vector<MatchEvent>, StoreError> read_events(Rows rows) {
    std::vector<MatchEvent> all;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return all;
        TRY(event, read_event(rows));
        all.push_back(std::move(event));
    }
}

Result<std::vector<MatchEvent>, StoreError> events_now(Connection& db, const MatchStore::EventFilter& filter) {
    const auto after = static_cast<std::int64_t>(std::min<std::uint64_t>(filter.after, std::numeric_limits<std::int64_t>::max()));
    const auto limit = number_of(filter.limit);
    if (filter.ticket) {
        return read_events(db.query(GK_EVENTS
                                    "WHERE e.ticket = (SELECT number FROM match_tickets WHERE id = ?1) AND e.number > ?2 ORDER BY e.number LIMIT ?3",
                                    filter.ticket->text(), after, limit));
    }
    if (filter.player) {
        return read_events(db.query(GK_EVENTS "WHERE e.ticket IN (SELECT ticket FROM match_ticket_players WHERE tenant = ?1 AND player = ?2) "
                                              "AND e.number > ?3 ORDER BY e.number LIMIT ?4",
                                    filter.tenant, *filter.player, after, limit));
    }
    return read_events(db.query(GK_EVENTS "WHERE e.number > ?1 ORDER BY e.number LIMIT ?2", after, limit));
}

#undef GK_EVENTS

Result<std::uint64_t, StoreError> last_event_now(Connection& db) {
    auto rows = db.query("SELECT seq FROM sqlite_sequence WHERE name = 'match_events'");
    TRY(any, rows.next());
    return any ? static_cast<std::uint64_t>(rows.number(0)) : 0;
}

}  // namespace

MatchStore::Answer<Success> SqliteMatchStore::put(QueueRecord queue) {
    Work<Success> work = [queue = std::move(queue)](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(db.change("INSERT INTO match_queues (name, document) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET document = ?2", queue.name,
                         to_json(to_value(queue))));
        return Success{};
    };
    return change_queues(std::move(work));
}

MatchStore::Answer<Success> SqliteMatchStore::remove_queue(std::string name) {
    Work<Success> work = [name = std::move(name)](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(db.change("DELETE FROM match_queues WHERE name = ?1", name));
        return Success{};
    };
    return change_queues(std::move(work));
}

MatchStore::Answer<Success> SqliteMatchStore::change_queues(Work<Success> work) {
    auto done = co_await db_.write(std::move(work));
    known_queues_.reset();
    ++queue_changes_;
    co_return done;
}

MatchStore::Answer<std::vector<QueueRecord>> SqliteMatchStore::queues() {
    if (known_queues_) co_return *known_queues_;
    const auto changes = queue_changes_;
    Work<std::vector<QueueRecord>> work = [](Connection& db) {
        return read_documents("match_queues", db.query("SELECT name, document FROM match_queues ORDER BY name"), read_document<QueueRecord>);
    };
    auto all = co_await db_.read(std::move(work));
    if (all && changes == queue_changes_) known_queues_ = *all;
    co_return all;
}

MatchStore::Answer<MatchStore::Joined> SqliteMatchStore::join(match::Ticket ticket) {
    Work<Joined> work = [ticket = std::move(ticket)](Connection& db) { return join_now(db, ticket); };
    auto joined = co_await db_.write(std::move(work));
    if (joined && joined->outcome == Joined::Outcome::created) watchers_.notify();
    co_return joined;
}

MatchStore::Answer<MatchStore::Left> SqliteMatchStore::cancel(TicketId ticket, Time now) {
    Work<Left> work = [=](Connection& db) { return cancel_now(db, ticket, now); };
    auto left = co_await db_.write(std::move(work));
    if (left && left->outcome == Left::Outcome::cancelled) watchers_.notify();
    co_return left;
}

MatchStore::Answer<match::Ticket> SqliteMatchStore::change(TicketId ticket, std::vector<match::Player> players, Time now) {
    Work<match::Ticket> work = [ticket, players = std::move(players), now](Connection& db) { return change_now(db, ticket, players, now); };
    auto changed = co_await db_.write(std::move(work));
    if (changed) watchers_.notify();
    co_return changed;
}

MatchStore::Answer<std::vector<MatchStore::Committed>> SqliteMatchStore::commit(std::vector<match::Match> matches, Epoch by) {
    Work<std::vector<Committed>> work = [matches = std::move(matches), by](Connection& db) { return commit_now(db, matches, by); };
    auto answers = co_await db_.write(std::move(work));
    if (answers && std::ranges::any_of(*answers, &Committed::is_committed)) watchers_.notify();
    co_return answers;
}

MatchStore::Answer<Success> SqliteMatchStore::advance(match::Match match, std::vector<TicketId> put_back, Time now, WrittenBy by) {
    Work<Success> work = [match = std::move(match), put_back = std::move(put_back), now, by](Connection& db) {
        return advance_now(db, match, put_back, now, by);
    };
    auto done = co_await db_.write(std::move(work));
    if (done) watchers_.notify();
    co_return done;
}

MatchStore::Answer<std::vector<TicketId>> SqliteMatchStore::expire(std::vector<TicketId> tickets, std::string reason,
                                                                   std::optional<Time> unless_seen_since, Time now, Epoch by) {
    const Expiry expiry{.tickets = std::move(tickets), .reason = std::move(reason), .unless_seen_since = unless_seen_since, .now = now, .by = by};
    Work<std::vector<TicketId>> work = [expiry](Connection& db) { return expire_now(db, expiry); };
    auto expired = co_await db_.write(std::move(work));
    if (expired && !expired->empty()) watchers_.notify();
    co_return expired;
}

MatchStore::Answer<Success> SqliteMatchStore::touch(std::vector<TicketId> tickets, Time now) {
    Work<Success> work = [tickets = std::move(tickets), now](Connection& db) { return touch_now(db, tickets, now); };
    return db_.write(std::move(work));
}

MatchStore::Answer<match::Ticket> SqliteMatchStore::ticket(TicketId id) {
    Work<match::Ticket> work = [id](Connection& db) -> Result<match::Ticket, StoreError> {
        TRY(stored, get_ticket(db, id));
        return std::move(stored.ticket);
    };
    return db_.read(std::move(work));
}

MatchStore::Answer<std::vector<match::Ticket>> SqliteMatchStore::tickets(std::vector<TicketId> ids) {
    Work<std::vector<match::Ticket>> work = [ids = std::move(ids)](Connection& db) -> Result<std::vector<match::Ticket>, StoreError> {
        std::vector<match::Ticket> all;
        for (const auto id : ids) {
            TRY(stored, find_ticket(db, id));
            if (stored) all.push_back(std::move(stored->ticket));
        }
        return all;
    };
    return db_.read(std::move(work));
}

MatchStore::Answer<match::Ticket> SqliteMatchStore::ticket_of(std::string tenant, std::string player) {
    Work<match::Ticket> work = [tenant = std::move(tenant), player = std::move(player)](Connection& db) -> Result<match::Ticket, StoreError> {
        TRY(stored, find_ticket_of(db, tenant, player));
        if (!stored) return std::unexpected(StoreError{Kind::not_found, fmt::format("player {} has no ticket", player)});
        return std::move(stored->ticket);
    };
    return db_.read(std::move(work));
}

MatchStore::Answer<match::Match> SqliteMatchStore::match(MatchId id) {
    Work<match::Match> work = [id](Connection& db) -> Result<match::Match, StoreError> {
        TRY(stored, get_match(db, id));
        return std::move(stored.match);
    };
    return db_.read(std::move(work));
}

MatchStore::Answer<std::vector<match::Match>> SqliteMatchStore::matches(MatchFilter filter) {
    Work<std::vector<match::Match>> work = [filter = std::move(filter)](Connection& db) { return matches_now(db, filter); };
    return db_.read(std::move(work));
}

MatchStore::Answer<std::vector<match::Ticket>> SqliteMatchStore::waiting(std::optional<TicketId> after, std::size_t limit) {
    Work<std::vector<match::Ticket>> work = [=](Connection& db) { return waiting_now(db, after, limit); };
    return db_.read(std::move(work));
}

MatchStore::Answer<std::vector<MatchEvent>> SqliteMatchStore::events(EventFilter filter) {
    Work<std::vector<MatchEvent>> work = [filter = std::move(filter)](Connection& db) { return events_now(db, filter); };
    return db_.read(std::move(work));
}

MatchStore::Answer<std::uint64_t> SqliteMatchStore::last_event() {
    Work<std::uint64_t> work = last_event_now;
    return db_.read(std::move(work));
}

MatchStore::Answer<std::vector<PlayerRating>> SqliteMatchStore::ratings(std::string queue, std::vector<std::string> players) {
    Work<std::vector<PlayerRating>> work = [queue = std::move(queue), players = std::move(players)](Connection& db) {
        return ratings_now(db, queue, players);
    };
    return db_.read(std::move(work));
}

MatchStore::Answer<bool> SqliteMatchStore::rate(MatchId match, std::vector<PlayerRating> ratings, WrittenBy by) {
    Work<bool> work = [match, ratings = std::move(ratings), by](Connection& db) { return rate_now(db, match, ratings, by); };
    return db_.write(std::move(work));
}

MatchStore::Answer<std::size_t> SqliteMatchStore::prune(Time over_before, std::size_t limit) {
    Work<std::size_t> work = [=](Connection& db) { return prune_now(db, over_before, limit); };
    return db_.write(std::move(work));
}

MatchStore::Answer<Epoch> SqliteMatchStore::next_epoch() {
    Work<Epoch> work = next_match_epoch_now;
    return db_.write(std::move(work));
}

}  // namespace gk::sqlite
