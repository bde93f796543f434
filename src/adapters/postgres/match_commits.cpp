#include <algorithm>

#include "adapters/postgres/document.hpp"
#include "adapters/postgres/match_rows.hpp"
#include "adapters/postgres/match_store.hpp"
#include "domain/match/codec.hpp"

// How matches are made and go on: the rules are the domain's, the functions of the schema check that nothing has moved meanwhile.
namespace gk::postgres {
namespace {

using Kind = StoreError::Kind;
using match::TicketState;

std::string number_text(Time time) { return std::to_string(time.time_since_epoch().count()); }
std::string epoch_text(WrittenBy by) { return by ? std::to_string(std::to_underlying(*by)) : std::string(); }
std::string server_of(const match::Match& match) { return match.server ? match.server->name : std::string(); }

StoreError fenced() { return {Kind::fenced, "a newer matchmaker is at work"}; }

// `seen`: the version of the stored match; empty for a new one. `members` are added.
Statement commit_statement(const match::Match& match, const std::string& seen, const std::vector<match::Member>& members, Time now, Epoch by) {
    std::vector<TicketId> tickets;
    std::vector<std::string> players;
    for (const auto& member : members) {
        tickets.push_back(member.ticket);
        players.push_back(member.player);
    }
    return {"SELECT * FROM match_commit($1, $2, nullif($3, '')::bigint, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            {epoch_text(by), match.id.text(), seen, match.tenant, match.queue, std::string(name_of(match.state)), server_of(match), match.end_reason,
             number_text(now), to_json(to_value(match)), array_text(tickets), array_text(players)}};
}

Statement advance_statement(const match::Step& step, const std::string& seen, Time now, WrittenBy by) {
    std::vector<TicketId> left_tickets, tickets;
    std::vector<std::string> left_players, states, reasons, words, details;
    for (const auto& member : step.left) {
        left_tickets.push_back(member.ticket);
        left_players.push_back(member.player);
    }
    for (const auto& it : step.tickets) {
        tickets.push_back(it.ticket);
        states.emplace_back(name_of(it.state));
        reasons.push_back(it.reason);
        words.emplace_back(it.what);
        details.push_back(it.detail);
    }
    const auto& match = step.match;
    return {"SELECT match_advance(nullif($1, '')::bigint, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            {epoch_text(by), match.id.text(), seen, std::string(name_of(match.state)), server_of(match), match.end_reason, to_json(to_value(match)),
             is_over(match.state) ? "true" : "false", number_text(now), array_text(left_tickets), array_text(left_players), array_text(tickets),
             array_text(states), array_text(reasons), array_text(words), array_text(details)}};
}

// None: the match is there already, or is of another version than was seen.
Result<std::optional<MatchStore::Committed>, StoreError> read_commit(const Rows& answer) {
    if (answer.empty()) return std::unexpected(corrupt_row("answer to a match", "it is missing"));
    const auto outcome = answer.text(0, 0);
    if (outcome == "fenced") return std::unexpected(fenced());
    if (outcome == "other") return std::nullopt;
    TRY(gone, read_ticket_ids(answer.text(0, 1)));
    return std::optional(MatchStore::Committed{.is_committed = outcome == "committed", .gone = std::move(gone)});
}

}  // namespace

MatchStore::Answer<std::vector<MatchStore::Committed>> PostgresMatchStore::commit(std::vector<match::Match> matches, Epoch by) {
    std::vector<Statement> statements;
    for (auto& match : matches) {
        match.epoch = by;
        statements.push_back(commit_statement(match, "", match.members, match.claimed_at, by));
    }
    CO_TRY(answers, co_await writes_.run_all(std::move(statements), true));
    std::vector<Committed> committed;
    for (std::size_t i = 0; i < matches.size(); ++i) {
        CO_TRY(answer, read_commit(answers[i]));
        if (!answer) {
            CO_TRY(known, co_await commit_known(std::move(matches[i]), by));
            answer = std::move(known);
        }
        committed.push_back(std::move(*answer));
    }
    if (std::ranges::any_of(committed, &Committed::is_committed)) watchers_.notify();
    co_return committed;
}

// The match is there: the same call came before, or it takes more players.
MatchStore::Answer<MatchStore::Committed> PostgresMatchStore::commit_known(match::Match proposed, Epoch by) {
    for (;;) {
        CO_TRY(stored, co_await versioned(proposed.id));
        const auto members = match::new_members(&stored.match, proposed);
        if (members.empty()) co_return Committed{.is_committed = true, .gone = {}};
        if (!match::may_take(stored.match, members.size())) {
            CO_TRY(gone, co_await those_that_do_not_wait(members));
            co_return Committed{.is_committed = false, .gone = std::move(gone)};
        }
        const auto filled = match::with_members_of(std::move(stored.match), proposed);
        auto statement = commit_statement(filled, stored.version, members, proposed.claimed_at, by);
        CO_TRY(row, co_await tell(std::move(statement)));
        CO_TRY(answer, read_commit(row));
        if (answer) co_return std::move(*answer);
    }
}

MatchStore::Answer<std::vector<TicketId>> PostgresMatchStore::those_that_do_not_wait(std::vector<match::Member> members) {
    std::vector<TicketId> asked;
    for (const auto& member : members) {
        if (std::ranges::find(asked, member.ticket) == asked.end()) asked.push_back(member.ticket);
    }
    CO_TRY(found, co_await tickets(asked));
    std::erase_if(asked, [&](TicketId id) {
        const auto ticket = std::ranges::find(found, id, &match::Ticket::id);
        return ticket != found.end() && ticket->state == TicketState::queued;
    });
    co_return asked;
}

MatchStore::Answer<Success> PostgresMatchStore::check_epoch(WrittenBy by) {
    if (!by) co_return Success{};
    std::vector<std::string> values{epoch_text(by)};
    CO_TRY(answer, co_await ask("SELECT match_is_fenced($1)", std::move(values)));
    if (answer.text(0, 0) == "t") co_return std::unexpected(fenced());
    co_return Success{};
}

MatchStore::Answer<Success> PostgresMatchStore::advance(match::Match match, std::vector<TicketId> put_back, Time now, WrittenBy by) {
    for (;;) {
        CO_TRY(stored, co_await versioned(match.id));
        const auto step = match::step(stored.match, match, put_back);
        if (!step) co_return std::unexpected(StoreError{Kind::conflict, step.error()});
        if (step->match == stored.match) co_return co_await check_epoch(by);
        auto statement = advance_statement(*step, stored.version, now, by);
        CO_TRY(answer, co_await tell(std::move(statement)));
        const auto outcome = answer.text(0, 0);
        if (outcome == "fenced") co_return std::unexpected(fenced());
        if (outcome == "other") continue;
        watchers_.notify();
        co_return Success{};
    }
}

}  // namespace gk::postgres
