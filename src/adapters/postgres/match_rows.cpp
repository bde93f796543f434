#include "adapters/postgres/match_rows.hpp"

#include <algorithm>

#include "adapters/postgres/document.hpp"
#include "domain/match/codec.hpp"
#include "domain/match/quick_read.hpp"

namespace gk::postgres {
namespace {

Time time_of(const Rows& rows, int row, int column) { return Time(Milliseconds(rows.number(row, column))); }

template <class T>
Result<T, StoreError> read_list(std::string_view what, std::string_view text) {
    const net::JsonLimits limits{.depth = 64, .size = 64u << 20};
    const auto value = net::parse_json(text, limits);
    if (!value) return std::unexpected(corrupt_row(what, value.error().message));
    Errors errors;
    T out;
    if (decode(*value, "", errors, out)) return out;
    const auto& first = errors.list().front();
    return std::unexpected(corrupt_row(what, fmt::format("{}: {}", first.pointer, first.detail)));
}

Result<std::vector<std::string>, StoreError> read_names(std::string_view what, std::string_view text) {
    if (auto names = match::quick_names(text)) return std::move(*names);
    return read_list<std::vector<std::string>>(what, text);
}

Result<std::vector<match::Player>, StoreError> read_players(std::string_view what, std::string_view text) {
    if (auto players = match::quick_players(text)) return std::move(*players);
    return read_list<std::vector<match::Player>>(what, text);
}

Result<MatchEvent, StoreError> read_event(const Rows& rows, int row) {
    const auto what = fmt::format("event {} of a ticket", rows.text(row, 0));
    const auto ticket = TicketId::parse(rows.text(row, 2));
    if (!ticket) return std::unexpected(corrupt_row(what, "its ticket is none"));
    MatchEvent event{.number = static_cast<std::uint64_t>(rows.number(row, 0)),
                     .at = time_of(rows, row, 1),
                     .ticket = *ticket,
                     .players = {},
                     .match = MatchId::parse(rows.text(row, 4)),
                     .what = std::string(rows.text(row, 5)),
                     .detail = std::string(rows.text(row, 6))};
    TRY(players, read_players(what, rows.text(row, 3)));
    for (auto& player : players) event.players.push_back(std::move(player.id));
    return event;
}

}  // namespace

Result<match::Ticket, StoreError> read_ticket(const Rows& rows, int row) {
    const auto what = fmt::format("ticket {}", rows.text(row, 0));
    const auto id = TicketId::parse(rows.text(row, 0));
    const auto state = from_name<match::TicketState>(rows.text(row, 2));
    if (!id || !state) return std::unexpected(corrupt_row(what, "its id or state is none"));
    TRY(queues, read_names(what, rows.text(row, 9)));
    TRY(players, read_players(what, rows.text(row, 10)));
    return match::Ticket{.id = *id,
                         .tenant = std::string(rows.text(row, 1)),
                         .queues = std::move(queues),
                         .players = std::move(players),
                         .priority = static_cast<std::int32_t>(rows.number(row, 5)),
                         .joined_at = time_of(rows, row, 3),
                         .expires_at = time_of(rows, row, 4),
                         .state = *state,
                         .match = MatchId::parse(rows.text(row, 7)),
                         .reason = std::string(rows.text(row, 8)),
                         .put_back = static_cast<std::uint32_t>(rows.number(row, 6))};
}

Result<std::vector<match::Ticket>, StoreError> read_tickets(const Rows& rows) {
    std::vector<match::Ticket> all;
    for (int row = 0; row < rows.size(); ++row) {
        TRY(ticket, read_ticket(rows, row));
        all.push_back(std::move(ticket));
    }
    return all;
}

Result<match::Match, StoreError> read_match(std::string_view what, std::string_view text) {
    if (auto match = match::quick_match(text)) return std::move(*match);
    return read_document<match::Match>(what, text);
}

Result<std::vector<match::Match>, StoreError> read_matches(const Rows& rows) {
    std::vector<match::Match> all;
    for (int row = 0; row < rows.size(); ++row) {
        TRY(match, read_match(fmt::format("row {} of matches", rows.text(row, 0)), rows.text(row, 1)));
        all.push_back(std::move(match));
    }
    return all;
}

Result<std::vector<MatchEvent>, StoreError> read_events(const Rows& rows) {
    std::vector<MatchEvent> all;
    for (int row = 0; row < rows.size(); ++row) {
        TRY(event, read_event(rows, row));
        all.push_back(std::move(event));
    }
    return all;
}

Result<std::vector<TicketId>, StoreError> read_ticket_ids(std::string_view text) {
    std::vector<TicketId> ids;
    auto rest = text.size() < 2 ? std::string_view() : text.substr(1, text.size() - 2);
    while (!rest.empty()) {
        const auto id = TicketId::parse(rest.substr(0, rest.find(',')));
        if (!id) return std::unexpected(corrupt_row("list of tickets", text));
        ids.push_back(*id);
        rest.remove_prefix(std::min(rest.size(), rest.find(',')));
        if (!rest.empty()) rest.remove_prefix(1);
    }
    return ids;
}

std::string array_text(std::span<const std::string> items) {
    std::string text = "{";
    for (const auto& item : items) {
        text += text.size() == 1 ? "\"" : ",\"";
        for (const char c : item) {
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    }
    return text + "}";
}

std::string array_text(std::span<const TicketId> ids) {
    std::vector<std::string> texts;
    for (const auto id : ids) texts.push_back(id.text());
    return array_text(texts);
}

std::vector<std::string> values_of(const match::Ticket& ticket) {
    std::vector<std::string> names;
    for (const auto& player : ticket.players) names.push_back(player.id);
    const auto number = [](Time time) { return std::to_string(time.time_since_epoch().count()); };
    return {ticket.id.text(),
            ticket.tenant,
            number(ticket.joined_at),
            number(ticket.expires_at),
            std::to_string(ticket.priority),
            std::to_string(ticket.put_back),
            ticket.reason,
            to_json(match::list_of(ticket.queues)),
            to_json(match::list_of(ticket.players)),
            array_text(names)};
}

}  // namespace gk::postgres
