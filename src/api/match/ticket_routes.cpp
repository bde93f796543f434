#include <algorithm>

#include <fmt/format.h>

#include "api/decode.hpp"
#include "api/guard.hpp"
#include "api/match/explanation.hpp"
#include "api/match/match_context.hpp"
#include "api/match/ticket_bodies.hpp"
#include "api/render.hpp"
#include "api/reply.hpp"
#include "async/deadline.hpp"
#include "async/signal.hpp"

namespace gk::api {

Value render(const app::TicketView& view) {
    const auto& ticket = view.ticket;
    Value::Array players;
    for (const auto& player : ticket.players) players.push_back(player.id);
    Value::Array queues;
    for (const auto& queue : ticket.queues) queues.push_back(queue);
    return Value::object({{"id", ticket.id.text()},
                          {"state", view.state()},
                          {"reason", ticket.reason.empty() ? Value() : Value(ticket.reason)},
                          {"queues", std::move(queues)},
                          {"players", std::move(players)},
                          {"priority", std::int64_t{ticket.priority}},
                          {"put_back", std::int64_t{ticket.put_back}},
                          {"joined_at", rfc3339(ticket.joined_at)},
                          {"expires_at", rfc3339(ticket.expires_at)},
                          {"match", view.match ? render(*view.match) : Value()},
                          {"join_token", view.join_token.empty() ? Value() : Value(view.join_token)}});
}

namespace {

constexpr Milliseconds wait_most = std::chrono::seconds(60);
constexpr Milliseconds heartbeat = std::chrono::seconds(15);
constexpr std::size_t events_at_once = 100;

Result<TicketId, app::Error> ticket_of(const net::Request& request) {
    const auto id = TicketId::parse(request.parameter("ticket"));
    if (!id) return std::unexpected(app::not_found("there is no such ticket"));
    return *id;
}

// POST /v1/tickets
Task<Outcome> join(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(once, idempotency_of(request));
    CO_TRY(order, read_order<app::JoinOrder>(request.body));
    CO_TRY(joined, co_await context.tickets.join(std::move(visitor), std::move(order), std::move(once)));
    auto reply = render(joined.view);
    Value::Object tokens;
    for (const auto& [player, token] : joined.tokens) tokens.emplace_back(player, token);
    // A party of one need not look for its name.
    if (joined.tokens.size() == 1) reply.set("player_token", joined.tokens.begin()->second);
    reply.set("player_tokens", std::move(tokens));
    auto response = json_reply(joined.is_new ? 201 : 200, reply);
    response.headers.emplace_back("Location", "/v1/tickets/" + joined.view.ticket.id.text());
    co_return response;
}

// GET /v1/tickets/{ticket}
Task<Outcome> show(MatchContext& context, net::Request& request, app::Visitor visitor) {
    QueryReader query(request);
    const bool is_to_wait = query.has("wait");
    const auto text = query.text("wait");
    const auto wait = is_to_wait ? parse_duration(text) : std::optional(Milliseconds(0));
    auto known = query.text("state");
    const bool is_state = from_name<match::TicketState>(known) || from_name<match::MatchState>(known);
    if (query.has("state") && !is_state) query.fail("state", "out_of_range", "a state of a ticket, like queued, is expected");
    if (!wait || *wait > wait_most) query.fail("wait", "out_of_range", "a time up to 60s, like 25s, is expected");
    CO_TRY_OK(query.finish());
    CO_TRY(id, ticket_of(request));
    const auto until = context.api.clock.now() + *wait;
    CO_TRY(view, co_await (is_to_wait ? context.tickets.wait(std::move(visitor), id, until, std::move(known))
                                      : context.tickets.show(std::move(visitor), id)));
    co_return json_reply(200, render(view));
}

// PATCH /v1/tickets/{ticket}
Task<Outcome> change(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(id, ticket_of(request));
    CO_TRY(body, read_body<ChangeBody>(request.body));
    CO_TRY(view, co_await context.tickets.change(std::move(visitor), id, std::move(body.players)));
    co_return json_reply(200, render(view));
}

// DELETE /v1/tickets/{ticket}
Task<Outcome> cancel(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(id, ticket_of(request));
    CO_TRY(left, co_await context.tickets.cancel(std::move(visitor), id));
    const std::string_view outcome = left.outcome == MatchStore::Left::Outcome::cancelled  ? "cancelled"
                                     : left.outcome == MatchStore::Left::Outcome::too_late ? "too_late"
                                                                                           : "over";
    co_return json_reply(200, Value::object({{"outcome", outcome}, {"match", left.ticket.match ? Value(left.ticket.match->text()) : Value()}}));
}

// GET /v1/tickets/{ticket}/explain
Task<Outcome> explain(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(id, ticket_of(request));
    CO_TRY(view, co_await context.tickets.show(std::move(visitor), id));
    Value::Array queues;
    for (const auto& queue : view.ticket.queues) {
        const auto why = co_await context.maker.explain(queue, id);
        if (!why) continue;
        Value::Array rules;
        for (const auto& [rule, kept_out] : why->rules) rules.push_back(Value::object({{"rule", rule}, {"kept_out", std::int64_t{kept_out}}}));
        Value::Array words;
        for (auto& sentence : in_words(*why)) words.emplace_back(std::move(sentence));
        queues.push_back(Value::object({{"queue", queue},
                                        {"words", std::move(words)},
                                        {"looked_at", std::int64_t{why->looked_at}},
                                        {"rules", std::move(rules)},
                                        {"relaxes_in", why->next_step ? Value(duration_text(*why->next_step)) : Value()},
                                        {"estimate", why->estimate ? Value(duration_text(*why->estimate)) : Value()}}));
    }
    co_return json_reply(200, Value::object({{"state", view.state()}, {"queues", std::move(queues)}}));
}

// Where a listener begins, and whose events it wants to hear.
struct Listening {
    MatchStore::EventFilter filter;
    bool is_presence = false;         // Of one who waits: it is there as long as it listens.
    std::vector<std::string> queues;  // Of the ticket, where one is listened to.
};

std::string sse(const MatchEvent& event) {
    const auto data = Value::object({{"ticket", event.ticket.text()},
                                     {"at", rfc3339(event.at)},
                                     {"match", event.match ? Value(event.match->text()) : Value()},
                                     {"detail", event.detail}});
    return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.number, event.what, to_json(data));
}

// Until when nothing needs to be done for a listener of whom nothing is to be told.
Task<Milliseconds> touch(MatchContext& context, const Listening& listening) {
    if (!listening.is_presence) co_return heartbeat;
    const auto& filter = listening.filter;
    const auto beat = filter.ticket ? co_await context.tickets.touch(*filter.ticket, listening.queues)
                                    : co_await context.tickets.touch(filter.tenant, *filter.player);
    co_return std::min(heartbeat, beat);
}

// Sends what is written down behind the number, then what comes, until the client is gone.
Task<void> send_events(MatchContext& context, Listening listening, net::Stream& out) {
    async::Signal news;
    const auto& filter = listening.filter;
    const auto heard = [&news](const MatchEvent&) { news.raise(); };
    const auto watch = filter.ticket ? context.feed.watch(*filter.ticket, heard) : context.feed.watch_player(*filter.player, heard);
    for (;;) {
        auto events = co_await context.store.events(filter);
        if (!events) co_return;
        std::string text;
        for (const auto& event : *events) {
            listening.filter.after = event.number;
            text += sse(event);
        }
        if (!text.empty() && !co_await out.write(std::move(text))) co_return;
        if (events->size() == filter.limit) continue;
        const auto beat = co_await touch(context, listening);
        auto waiting = news.wait();
        const bool is_news = co_await async::finishes_by(context.api.clock, context.api.clock.now() + beat, std::move(waiting));
        if (!is_news && !co_await out.write(": still here\n\n")) co_return;
    }
}

Task<Outcome> listen(MatchContext& context, const net::Request& request, Listening listening) {
    CO_TRY(last, last_event_id(request));
    listening.filter.after = last.value_or(0);
    listening.filter.limit = events_at_once;
    co_return net::Response::streaming("text/event-stream", [&context, listening](net::Stream& out) { return send_events(context, listening, out); });
}

// GET /v1/tickets/{ticket}/events
Task<Outcome> ticket_events(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(id, ticket_of(request));
    Listening listening;
    listening.filter.ticket = id;
    listening.is_presence = app::is_sign_of_life(visitor);
    CO_TRY(view, co_await context.tickets.show(std::move(visitor), id));
    listening.queues = std::move(view.ticket.queues);
    co_return co_await listen(context, request, std::move(listening));
}

// GET /v1/players/{player}/events
Task<Outcome> player_events(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    Listening listening;
    listening.filter.player = std::string(request.parameter("player"));
    listening.filter.tenant = visitor.caller.tenant;
    listening.is_presence = app::is_sign_of_life(visitor);
    CO_TRY_OK(context.tickets.may_hear(visitor, *listening.filter.player));
    co_return co_await listen(context, request, std::move(listening));
}

}  // namespace

void add_ticket_routes(net::Router& router, MatchContext& context) {
    using enum net::Method;
    add_visited(router, context, post, "/v1/tickets", join);
    add_visited(router, context, get, "/v1/tickets/{ticket}", show);
    add_visited(router, context, patch, "/v1/tickets/{ticket}", change);
    add_visited(router, context, del, "/v1/tickets/{ticket}", cancel);
    add_asked(router, context, get, "/v1/tickets/{ticket}/explain", explain, WhenNobodyAnswers::unavailable);
    add_visited(router, context, get, "/v1/tickets/{ticket}/events", ticket_events);
    add_visited(router, context, get, "/v1/players/{player}/events", player_events);
}

}  // namespace gk::api
