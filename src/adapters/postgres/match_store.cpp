#include "adapters/postgres/match_store.hpp"

#include <algorithm>
#include <limits>

#include "adapters/postgres/document.hpp"
#include "adapters/postgres/listener.hpp"
#include "adapters/postgres/match_rows.hpp"
#include "adapters/postgres/schema.hpp"
#include "domain/match/codec.hpp"
#include "ports/match_codec.hpp"

namespace gk::postgres {
namespace {

using Kind = StoreError::Kind;
using match::TicketState;

constexpr std::size_t rows_max = 1u << 20;
constexpr std::string_view matches_channel = "gamekeeper_matches";
constexpr std::string_view queues_channel = "gamekeeper_queues";

std::string number_text(Time time) { return std::to_string(time.time_since_epoch().count()); }
std::string number_text(Epoch epoch) { return std::to_string(std::to_underlying(epoch)); }
std::string limit_text(std::size_t limit) { return std::to_string(std::min(limit, rows_max)); }

StoreError no_ticket(TicketId id) { return {Kind::not_found, fmt::format("there is no ticket {}", id.text())}; }
StoreError no_match(MatchId id) { return {Kind::not_found, fmt::format("there is no match {}", id.text())}; }

// What libpq would cut off.
bool has_zero_byte(const match::Ticket& ticket) {
    return std::ranges::any_of(ticket.players, [](const match::Player& player) { return player.id.find('\0') != std::string::npos; });
}

}  // namespace

PostgresMatchStore::PostgresMatchStore(boost::asio::any_io_executor loop, Clock& clock, Options options)
    : loop_(loop),
      clock_(clock),
      pool_(loop, clock, std::move(options)),
      writes_(pool_, {"SELECT match_lock()", {}}, {"NOTIFY gamekeeper_matches", {}}),
      watchers_(loop),
      queue_watchers_(loop) {}

MatchStore::Answer<std::unique_ptr<PostgresMatchStore>> PostgresMatchStore::open(boost::asio::any_io_executor loop, Clock& clock, Options options) {
    std::unique_ptr<PostgresMatchStore> store(new PostgresMatchStore(loop, clock, std::move(options)));
    CO_TRY_OK(co_await migrate_in_time(loop, clock, store->pool_));
    co_return store;
}

Task<void> PostgresMatchStore::run() {
    const auto heard = [this](std::string_view channel) {
        if (channel != queues_channel) watchers_.notify();
        if (channel != matches_channel) queue_watchers_.notify();
    };
    Listener listener(loop_, clock_, pool_, {.listen = "LISTEN gamekeeper_matches; LISTEN gamekeeper_queues", .what = "tickets"}, heard);
    co_await listener.run();
}

MatchStore::Answer<Rows> PostgresMatchStore::ask(const char* sql, std::vector<std::string> values) {
    std::vector<Statement> statements;
    statements.push_back({sql, std::move(values)});
    CO_TRY(answers, co_await pool_.read(std::move(statements)));
    co_return std::move(answers.front());
}

MatchStore::Answer<Rows> PostgresMatchStore::tell(Statement statement) {
    auto answer = co_await writes_.run(std::move(statement), true);
    co_return answer;
}

MatchStore::Answer<Rows> PostgresMatchStore::write(const char* sql, std::vector<std::string> values) {
    Statement statement{sql, std::move(values)};
    auto answer = co_await writes_.run(std::move(statement), false);
    co_return answer;
}

MatchStore::Answer<Success> PostgresMatchStore::change_queue(Statement statement) {
    std::vector<Statement> statements;
    statements.push_back(std::move(statement));
    statements.push_back({"NOTIFY gamekeeper_queues", {}});
    CO_TRY_OK(co_await writes_.run_all(std::move(statements), false));
    co_return Success{};
}

MatchStore::Answer<Success> PostgresMatchStore::put(QueueRecord queue) {
    return change_queue({"INSERT INTO match_queues (name, document) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET document = excluded.document",
                         {queue.name, to_json(to_value(queue))}});
}

MatchStore::Answer<Success> PostgresMatchStore::remove_queue(std::string name) {
    return change_queue({"DELETE FROM match_queues WHERE name = $1", {std::move(name)}});
}

MatchStore::Answer<std::vector<QueueRecord>> PostgresMatchStore::queues() {
    CO_TRY(rows, co_await ask("SELECT name, document FROM match_queues ORDER BY name COLLATE \"C\""));
    co_return read_documents<QueueRecord>("match_queues", rows);
}

MatchStore::Answer<MatchStore::Joined> PostgresMatchStore::join(match::Ticket ticket) {
    if (has_zero_byte(ticket)) co_return std::unexpected(StoreError{Kind::conflict, "the id of a player holds a zero byte"});
    Statement statement{"SELECT " GK_TICKET_COLUMNS " FROM match_join($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", values_of(ticket)};
    CO_TRY(rows, co_await tell(std::move(statement)));
    if (rows.empty()) co_return std::unexpected(corrupt_row("ticket of a player", "it is missing"));
    CO_TRY(stored, read_ticket(rows, 0));
    auto outcome = match::have_same_players(stored, ticket) ? Joined::Outcome::same : Joined::Outcome::taken;
    if (stored.id == ticket.id) outcome = Joined::Outcome::created;
    if (outcome == Joined::Outcome::created) watchers_.notify();
    co_return Joined{.outcome = outcome, .ticket = std::move(stored)};
}

MatchStore::Answer<MatchStore::Left> PostgresMatchStore::cancel(TicketId id, Time now) {
    Statement statement{"SELECT " GK_TICKET_COLUMNS " FROM match_cancel($1, $2)", {id.text(), number_text(now)}};
    CO_TRY(rows, co_await tell(std::move(statement)));
    if (rows.empty()) co_return std::unexpected(no_ticket(id));
    CO_TRY(stored, read_ticket(rows, 0));
    auto outcome = Left::Outcome::over;
    if (stored.state == TicketState::cancelled) outcome = Left::Outcome::cancelled;
    if (stored.state == TicketState::matched) outcome = Left::Outcome::too_late;
    watchers_.notify();
    co_return Left{.outcome = outcome, .ticket = std::move(stored)};
}

MatchStore::Answer<match::Ticket> PostgresMatchStore::change(TicketId id, std::vector<match::Player> players, Time now) {
    for (;;) {
        std::vector<std::string> values{id.text()};
        CO_TRY(rows, co_await ask("SELECT " GK_TICKET_COLUMNS " FROM match_tickets WHERE id = $1", std::move(values)));
        if (rows.empty()) co_return std::unexpected(no_ticket(id));
        CO_TRY(stored, read_ticket(rows, 0));
        auto changed = match::changed(stored, players);
        if (!changed) co_return std::unexpected(StoreError{Kind::conflict, changed.error()});
        if (*changed == stored) co_return std::move(*changed);
        Statement statement{"SELECT match_change($1, $2, $3, $4)",
                            {id.text(), std::string(rows.text(0, 10)), to_json(match::list_of(changed->players)), number_text(now)}};
        CO_TRY(answer, co_await tell(std::move(statement)));
        if (answer.text(0, 0) != "t") continue;
        watchers_.notify();
        co_return std::move(*changed);
    }
}

MatchStore::Answer<std::vector<TicketId>> PostgresMatchStore::expire(std::vector<TicketId> tickets, std::string reason,
                                                                     std::optional<Time> unless_seen_since, Time now, Epoch by) {
    const auto since = unless_seen_since ? number_text(*unless_seen_since) : std::string();
    Statement statement{"SELECT * FROM match_expire($1, $2, $3, nullif($4, '')::bigint, $5)",
                        {number_text(by), array_text(tickets), std::move(reason), since, number_text(now)}};
    CO_TRY(rows, co_await tell(std::move(statement)));
    std::vector<TicketId> expired;
    for (int row = 0; row < rows.size(); ++row) {
        if (rows.text(row, 0) == "fenced") co_return std::unexpected(StoreError{Kind::fenced, "a newer matchmaker is at work"});
        if (const auto id = TicketId::parse(rows.text(row, 1))) expired.push_back(*id);
    }
    if (!expired.empty()) watchers_.notify();
    co_return expired;
}

MatchStore::Answer<Success> PostgresMatchStore::touch(std::vector<TicketId> tickets, Time now) {
    std::vector<std::string> values{array_text(tickets), number_text(now)};
    CO_TRY_OK(co_await write("UPDATE match_tickets SET seen_at = greatest(seen_at, $2) WHERE id = ANY ($1)", std::move(values)));
    co_return Success{};
}

MatchStore::Answer<match::Ticket> PostgresMatchStore::ticket(TicketId id) {
    std::vector<std::string> values{id.text()};
    CO_TRY(rows, co_await ask("SELECT " GK_TICKET_COLUMNS " FROM match_tickets WHERE id = $1", std::move(values)));
    if (rows.empty()) co_return std::unexpected(no_ticket(id));
    co_return read_ticket(rows, 0);
}

MatchStore::Answer<std::vector<match::Ticket>> PostgresMatchStore::tickets(std::vector<TicketId> ids) {
    std::vector<std::string> values{array_text(ids)};
    CO_TRY(rows, co_await ask("SELECT " GK_TICKET_COLUMNS " FROM match_tickets WHERE id = ANY ($1)", std::move(values)));
    co_return read_tickets(rows);
}

MatchStore::Answer<match::Ticket> PostgresMatchStore::ticket_of(std::string tenant, std::string player) {
    std::vector<std::string> values{std::move(tenant), player};
    CO_TRY(rows, co_await ask("SELECT " GK_TICKET_COLUMNS " FROM match_tickets WHERE id IN (SELECT ticket FROM match_ticket_players "
                              "WHERE tenant = $1 AND player = $2) ORDER BY number DESC LIMIT 1",
                              std::move(values)));
    if (rows.empty()) co_return std::unexpected(StoreError{Kind::not_found, fmt::format("player {} has no ticket", player)});
    co_return read_ticket(rows, 0);
}

MatchStore::Answer<PostgresMatchStore::Versioned> PostgresMatchStore::versioned(MatchId id) {
    std::vector<std::string> values{id.text()};
    CO_TRY(rows, co_await ask("SELECT id, document, version, number FROM matches WHERE id = $1", std::move(values)));
    if (rows.empty()) co_return std::unexpected(no_match(id));
    CO_TRY(match, read_match("match " + id.text(), rows.text(0, 1)));
    co_return Versioned{.match = std::move(match), .version = std::string(rows.text(0, 2)), .number = std::string(rows.text(0, 3))};
}

MatchStore::Answer<match::Match> PostgresMatchStore::match(MatchId id) {
    CO_TRY(found, co_await versioned(id));
    co_return std::move(found.match);
}

MatchStore::Answer<std::vector<match::Match>> PostgresMatchStore::matches(MatchFilter filter) {
    auto before = std::to_string(std::numeric_limits<std::int64_t>::max());
    if (filter.after) {
        CO_TRY(last, co_await versioned(*filter.after));
        before = last.number;
    }
    CO_TRY(rows, co_await page_of(filter, std::move(before)));
    co_return read_matches(rows);
}

MatchStore::Answer<Rows> PostgresMatchStore::page_of(const MatchFilter& filter, std::string before) {
    // Each form has its index; the states of what is live are few.
    const char* sql =
        "SELECT id, document FROM matches WHERE ($1 = '' OR tenant = $1) AND number < $2 AND ($3 = '' OR queue = $3) AND (NOT $4 OR over_at IS NULL) "
        "ORDER BY number DESC LIMIT $5";
    std::vector<std::string> values{filter.tenant, std::move(before), filter.queue.value_or(""), filter.live_only ? "true" : "false",
                                    limit_text(filter.limit)};
    if (filter.player) {
        sql =
            "SELECT id, document FROM matches WHERE id IN (SELECT match FROM match_players WHERE tenant = $1 AND player = $6) AND number < $2 "
            "AND ($3 = '' OR queue = $3) AND (NOT $4 OR over_at IS NULL) ORDER BY number DESC LIMIT $5";
        values.push_back(*filter.player);
    }
    return ask(sql, std::move(values));
}

MatchStore::Answer<std::vector<match::Ticket>> PostgresMatchStore::waiting(std::optional<TicketId> after, std::size_t limit) {
    std::vector<std::string> values{limit_text(limit)};
    const char* sql = "SELECT " GK_TICKET_COLUMNS " FROM match_tickets WHERE state = 'queued' ORDER BY joined_at, id LIMIT $1";
    if (after) {
        CO_TRY(last, co_await ticket(*after));
        sql = "SELECT " GK_TICKET_COLUMNS " FROM match_tickets WHERE state = 'queued' AND (joined_at, id) > ($2, $3) ORDER BY joined_at, id LIMIT $1";
        values.push_back(number_text(last.joined_at));
        values.push_back(after->text());
    }
    CO_TRY(rows, co_await ask(sql, std::move(values)));
    co_return read_tickets(rows);
}

#define GK_EVENTS                                                                                                                        \
    "SELECT e.number, e.at, e.ticket, t.players, e.match, e.what, e.detail FROM match_events e JOIN match_tickets t ON t.id = e.ticket " \
    "WHERE e.number > $1 "

MatchStore::Answer<std::vector<MatchEvent>> PostgresMatchStore::events(EventFilter filter) {
    const auto after = std::min<std::uint64_t>(filter.after, std::numeric_limits<std::int64_t>::max());
    std::vector<std::string> values{std::to_string(after), limit_text(filter.limit)};
    const char* sql = GK_EVENTS "ORDER BY e.number LIMIT $2";
    if (filter.ticket) {
        sql = GK_EVENTS "AND e.ticket = $3 ORDER BY e.number LIMIT $2";
        values.push_back(filter.ticket->text());
    } else if (filter.player) {
        sql = GK_EVENTS "AND e.ticket IN (SELECT ticket FROM match_ticket_players WHERE tenant = $3 AND player = $4) ORDER BY e.number LIMIT $2";
        values.push_back(filter.tenant);
        values.push_back(*filter.player);
    }
    CO_TRY(rows, co_await ask(sql, std::move(values)));
    co_return read_events(rows);
}

#undef GK_EVENTS

MatchStore::Answer<std::uint64_t> PostgresMatchStore::last_event() {
    // Those that were removed count too.
    CO_TRY(rows, co_await ask("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('match_events', 'number')::regclass), 0)"));
    co_return static_cast<std::uint64_t>(rows.number(0, 0));
}

MatchStore::Answer<std::vector<PlayerRating>> PostgresMatchStore::ratings(std::string queue, std::vector<std::string> players) {
    std::vector<std::string> values{std::move(queue), array_text(players)};
    CO_TRY(rows, co_await ask("SELECT player, document FROM match_ratings WHERE queue = $1 AND player = ANY ($2)", std::move(values)));
    co_return read_documents<PlayerRating>("match_ratings", rows);
}

MatchStore::Answer<bool> PostgresMatchStore::rate(MatchId match, std::vector<PlayerRating> ratings, WrittenBy by) {
    std::vector<std::string> queues, players, counts, documents;
    for (const auto& rating : ratings) {
        counts.push_back(std::to_string(rating.matches));
        queues.push_back(rating.queue);
        players.push_back(rating.player);
        documents.push_back(to_json(to_value(rating)));
    }
    std::vector<std::string> values{by ? number_text(*by) : "", match.text(),       array_text(queues),
                                    array_text(players),        array_text(counts), array_text(documents)};
    CO_TRY(rows, co_await write("SELECT match_rate(nullif($1, '')::bigint, $2, $3, $4, $5, $6)", std::move(values)));
    const auto outcome = rows.text(0, 0);
    if (outcome == "fenced") co_return std::unexpected(StoreError{Kind::fenced, "a newer matchmaker is at work"});
    if (outcome == "none") co_return std::unexpected(no_match(match));
    if (outcome == "other") co_return std::unexpected(StoreError{Kind::conflict, "a player was rated meanwhile"});
    co_return outcome == "rated";
}

MatchStore::Answer<std::size_t> PostgresMatchStore::prune(Time over_before, std::size_t limit) {
    std::vector<std::string> values{number_text(over_before), limit_text(limit)};
    CO_TRY(rows, co_await write("SELECT match_prune($1, $2)", std::move(values)));
    co_return static_cast<std::size_t>(rows.number(0, 0));
}

MatchStore::Answer<Epoch> PostgresMatchStore::next_epoch() {
    std::vector<std::string> nothing;
    CO_TRY(rows, co_await write("UPDATE match_epoch SET number = number + 1 RETURNING number", std::move(nothing)));
    if (rows.empty()) co_return std::unexpected(corrupt_row("epoch of the matchmakers", "it is missing"));
    co_return static_cast<Epoch>(rows.number(0, 0));
}

}  // namespace gk::postgres
