#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "api/compat/compat.hpp"
#include "api/compat/old_route.hpp"
#include "api/decode.hpp"
#include "api/guard.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"

// The second original: matchmaking behind a front. The front's routes and those of the back end are the same use cases here. Both say what is wrong
// as {detail}, with its true status where the front made everything 500 (S1-21). Players are known by their names alone, so that only `end` needs
// more (S1-3): the token that the join gave out.
namespace gk::api::compat {
namespace {

using gk::match::TicketState;

constexpr std::size_t sessions_at_once = 1'000;

// FastAPI's: a list of places for a body that does not fit, a sentence for everything else.
net::Response refuse(const app::Error& error) {
    if (error.fields.empty()) return json_reply(status_of(error.kind), Value::object({{"detail", error.message}}));
    Value::Array all;
    for (const auto& field : error.fields) {
        Value::Array place;
        place.emplace_back("body");
        if (!field.pointer.empty()) place.emplace_back(field.pointer.substr(1));
        all.push_back(Value::object({{"loc", std::move(place)}, {"msg", field.detail}, {"type", field.code}}));
    }
    return json_reply(422, Value::object({{"detail", std::move(all)}}));
}

Task<Result<app::Visitor, app::Error>> visitor_of_old(Compat& compat, const net::Request& request) {
    constexpr std::string_view scheme = "Bearer ";
    const auto header = request.header("Authorization");
    if (header && header->starts_with(scheme)) {
        if (auto player = compat.matches->tickets.visitor_of(header->substr(scheme.size()))) co_return std::move(*player);
    }
    CO_TRY(caller, co_await old_caller_of(compat, request));
    co_return app::Visitor{.caller = std::move(caller), .player = {}};
}

// Whoever names a player speaks for it, as in the original; its word counts as a sign of life.
app::Visitor as_player(app::Visitor visitor, std::string player) {
    const bool is_another = visitor.server || (visitor.player && visitor.player != player);
    visitor.is_hearsay = is_another || visitor.caller.name == anonymous;
    visitor.caller.scope = Scope::player;
    visitor.player = std::move(player);
    return visitor;
}

// Only where the match's server asks for one, which no server of the original did.
void add_join_token(Value& reply, const app::TicketView& view) {
    if (!view.join_token.empty()) reply.set("join_token", view.join_token);
}

struct PlayerBody {
    std::string player;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, PlayerBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("player_id", out.player);
    return in.finish();
}

// POST /api/match/join: answers at once, where the original waited for the server (S1-9).
Task<Outcome> join(Compat& compat, net::Request& request, app::Visitor visitor) {
    CO_TRY(once, idempotency_of(request));
    CO_TRY(body, read_body<PlayerBody>(request.body));
    app::JoinOrder order;
    order.queues.push_back(compat.options.queue);
    order.players.push_back({.id = body.player, .attributes = {}, .latencies = {}, .blocked = {}});
    CO_TRY(joined, co_await compat.matches->tickets.join(as_player(std::move(visitor), body.player), std::move(order), std::move(once)));
    auto reply = Value::object(
        {{"session_id", "pending:" + body.player}, {"players", Value::array({Value(body.player)})}, {"connect_host", ""}, {"connect_port", 0}});
    if (const auto token = joined.tokens.find(body.player); token != joined.tokens.end()) reply.set("player_token", token->second);
    const auto& match = joined.view.match;
    if (match && match->server && match->state == gk::match::MatchState::assigned) {
        Value::Array players;
        for (const auto& member : match->members) players.emplace_back(member.player);
        reply.set("session_id", match->id.text());
        reply.set("players", std::move(players));
        reply.set("connect_host", match->server->host);
        reply.set("connect_port", std::int64_t{match->server->port});
        add_join_token(reply, joined.view);
    }
    co_return json_reply(200, reply);
}

// GET /api/match/status?player_id=
Task<Outcome> status(Compat& compat, net::Request& request, app::Visitor visitor) {
    QueryReader query(request);
    const auto player = query.text("player_id");
    if (player.empty()) query.fail("player_id", "required", "say which player is asked about");
    CO_TRY_OK(query.finish());
    CO_TRY(view, co_await compat.matches->tickets.show_of(as_player(std::move(visitor), player), player));
    const auto& match = view.match;
    if (view.ticket.state == TicketState::ended && match)
        co_return json_reply(200, Value::object({{"status", "ended"}, {"session_id", match->id.text()}}));
    if (gk::match::is_over(view.ticket.state))
        co_return json_reply(200, Value::object({{"status", name_of(view.ticket.state)}, {"reason", view.ticket.reason}}));
    if (!match || match->state != gk::match::MatchState::assigned) co_return json_reply(200, Value::object({{"status", "pending"}}));
    auto reply = Value::object({{"status", "matched"},
                                {"session_id", match->id.text()},
                                {"connect_host", match->server->host},
                                {"connect_port", std::int64_t{match->server->port}}});
    add_join_token(reply, view);
    co_return json_reply(200, reply);
}

// POST /api/match/{session}/end
Task<Outcome> end(Compat& compat, net::Request& request, app::Visitor visitor) {
    const auto id = MatchId::parse(request.parameter("session"));
    if (!id) co_return std::unexpected(app::not_found("there is no such session"));
    const bool is_anonymous = !visitor.player && visitor.caller.name == anonymous;
    if (is_anonymous) {
        // Who cannot be told from anybody else is only told what is so already.
        app::Visitor reader{.caller = {.name = std::string(anonymous)}, .player = {}};
        CO_TRY(match, co_await compat.matches->matches.find(std::move(reader), *id));
        if (!gk::match::is_over(match.state)) {
            co_return std::unexpected(app::Error{.kind = app::Error::Kind::forbidden,
                                                 .code = "not_a_member",
                                                 .message = "a running session is ended by its players, with the player_token of their join, by its "
                                                            "server, or by an operator"});
        }
    } else {
        CO_TRY_OK(co_await compat.matches->matches.end(std::move(visitor), *id, "asked"));
    }
    co_return json_reply(200, Value::object({{"status", "ended"}, {"session_id", id->text()}}));
}

// GET /api/sessions/active
Task<Outcome> active(Compat& compat, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    MatchStore::MatchFilter filter;
    filter.live_only = true;
    filter.limit = sessions_at_once;
    Value::Array sessions;
    for (bool is_more = true; is_more;) {
        CO_TRY(matches, co_await compat.matches->matches.list(visitor, filter));
        for (const auto& match : matches) {
            if (match.server) sessions.push_back(Value::object({{"session_id", match.id.text()}, {"game_server_pod", match.server->name}}));
        }
        is_more = matches.size() == filter.limit;
        if (is_more) filter.after = matches.back().id;
    }
    const auto count = static_cast<std::int64_t>(sessions.size());
    const auto source = compat.options.keeps_matches_in;
    co_return json_reply(200, Value::object({{"count", count}, {"sessions", std::move(sessions)}, {"source", source}, {"note", ""}}));
}

// POST /cleanup/orphaned-servers
Task<Outcome> clean_up(Compat& compat, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(found, co_await compat.matches->fleets.clean_up(std::move(visitor.caller)));
    auto message = found ? fmt::format("{} servers without a session ended", found->servers)
                         : std::string("another control plane makes the matches, and ends such servers by itself every five minutes");
    if (found && found->matches > 0) message += fmt::format(", and {} sessions without a server", found->matches);
    const auto cleaned = found ? static_cast<std::int64_t>(found->servers) : std::int64_t{0};
    co_return json_reply(200, Value::object({{"cleaned", cleaned}, {"message", std::move(message)}}));
}

using SessionAction = Task<Outcome> (*)(Compat&, net::Request&, app::Visitor);
struct SessionRoute {
    net::Method method;
    std::string_view pattern;
    SessionAction action;
};

constexpr auto routes = std::to_array<SessionRoute>({
    {net::Method::post, "/api/match/join", join},
    {net::Method::get, "/api/match/status", status},
    {net::Method::post, "/api/match/{session}/end", end},
    {net::Method::get, "/api/sessions/active", active},
    {net::Method::post, "/match/join", join},
    {net::Method::get, "/match/status", status},
    {net::Method::post, "/match/{session}/end", end},
    {net::Method::get, "/sessions/active", active},
    {net::Method::post, "/cleanup/orphaned-servers", clean_up},
});

Task<Outcome> answer(Compat& compat, SessionAction action, net::Request& request) {
    CO_TRY(visitor, co_await visitor_of_old(compat, request));
    co_return co_await action(compat, request, std::move(visitor));
}

Task<net::Response> guarded(Compat& compat, SessionAction action, net::Request& request) {
    auto outcome = co_await answer(compat, action, request);
    if (outcome) co_return std::move(*outcome);
    log_failure(request, outcome.error());
    co_return refuse(outcome.error());
}

}  // namespace

void add_seed001_routes(net::Router& router, Compat& compat) {
    if (compat.matches == nullptr) return;
    for (const auto& route : routes) {
        router.add({.method = route.method,
                    .pattern = std::string(route.pattern),
                    .handler = [&compat, action = route.action](net::Request& request) { return guarded(compat, action, request); }});
    }
}

}  // namespace gk::api::compat
