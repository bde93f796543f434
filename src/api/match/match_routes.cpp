#include <fmt/format.h>

#include "api/decode.hpp"
#include "api/guard.hpp"
#include "api/match/match_context.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"

namespace gk::app {

// {teams?: {NAME: RANK}, players?: {ID: RANK}}
bool decode(const Value& value, const std::string& pointer, Errors& errors, MatchResults& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("teams", out.teams);
    in.optional("players", out.players);
    return in.finish();
}

}  // namespace gk::app
namespace gk::api {

Value render(const gk::match::Match& match) {
    Value::Array members;
    for (const auto& member : match.members) {
        members.push_back(Value::object({{"player", member.player},
                                         {"team", member.team},
                                         {"ticket", member.ticket.text()},
                                         {"accepted", member.accepted ? Value(*member.accepted) : Value()},
                                         {"left_at", member.left_at ? Value(rfc3339(*member.left_at)) : Value()}}));
    }
    const auto time = [](const std::optional<Time>& at) { return at ? Value(rfc3339(*at)) : Value(); };
    Value server;
    if (match.server)
        server = Value::object({{"name", match.server->name}, {"host", match.server->host}, {"port", std::int64_t{match.server->port}}});
    return Value::object({{"id", match.id.text()},
                          {"queue", match.queue},
                          {"state", name_of(match.state)},
                          {"members", std::move(members)},
                          {"server", std::move(server)},
                          {"region", match.region.empty() ? Value() : Value(match.region)},
                          {"quality", match.quality},
                          {"open_slots", std::int64_t{gk::match::open_slots(match)}},
                          {"deadline", time(match.deadline)},
                          {"claimed_at", rfc3339(match.claimed_at)},
                          {"assigned_at", time(match.assigned_at)},
                          {"ended_at", time(match.ended_at)},
                          {"end_reason", match.end_reason.empty() ? Value() : Value(match.end_reason)}});
}

namespace {

Result<MatchId, app::Error> match_of(const net::Request& request) {
    const auto id = MatchId::parse(request.parameter("match"));
    if (!id) return std::unexpected(app::not_found("there is no such match"));
    return *id;
}

// GET /v1/matches
Task<Outcome> list_matches(MatchContext& context, net::Request& request, app::Visitor visitor) {
    QueryReader query(request);
    const auto page = query.page();
    const auto player = query.text("player");
    const auto queue = query.name("queue");
    const bool is_live = query.flag("live");
    CO_TRY_OK(query.finish());
    MatchStore::MatchFilter filter;
    if (!player.empty()) filter.player = player;
    if (!queue.empty()) filter.queue = queue;
    filter.live_only = is_live;
    filter.limit = page.limit + 1;
    if (!page.cursor.empty()) {
        filter.after = MatchId::parse(page.cursor);
        if (!filter.after) co_return std::unexpected(foreign_cursor());
    }
    CO_TRY(found, co_await context.matches.list(std::move(visitor), std::move(filter)));
    const bool more = found.size() > page.limit;
    if (more) found.pop_back();
    PageText items;
    for (const auto& match : found) items.add(render(match));
    co_return page_reply(std::move(items), more ? found.back().id.text() : "");
}

// GET /v1/matches/{match}
Task<Outcome> show_match(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(id, match_of(request));
    CO_TRY(match, co_await context.matches.find(std::move(visitor), id));
    co_return json_reply(200, render(match));
}

template <bool accepted>
Task<Outcome> answer(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(id, match_of(request));
    CO_TRY(match, co_await context.matches.answer(std::move(visitor), id, accepted));
    co_return json_reply(200, render(match));
}

// {players?: [...]}
struct LeaveBody {
    std::vector<std::string> players;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, LeaveBody& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("players", out.players);
    return in.finish();
}

// POST /v1/matches/{match}/leave
Task<Outcome> leave(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(id, match_of(request));
    CO_TRY(body, read_body<LeaveBody>(request.body));
    CO_TRY(match, co_await context.matches.leave(std::move(visitor), id, std::move(body.players)));
    co_return json_reply(200, render(match));
}

struct FillBody {
    std::uint32_t size = 0;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, FillBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("size", out.size);
    return in.finish();
}

// POST /v1/matches/{match}/backfill
Task<Outcome> fill(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(id, match_of(request));
    CO_TRY(body, read_body<FillBody>(request.body));
    CO_TRY(match, co_await context.matches.fill(std::move(visitor), id, body.size));
    co_return json_reply(200, render(match));
}

struct EndBody {
    std::optional<app::MatchResults> results;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, EndBody& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("results", out.results);
    return in.finish();
}

// POST /v1/matches/{match}/end
Task<Outcome> end(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(id, match_of(request));
    CO_TRY(body, read_body<EndBody>(request.body));
    CO_TRY(match, co_await context.matches.end(std::move(visitor), id, "asked", std::move(body.results)));
    co_return json_reply(200, render(match));
}

}  // namespace

void add_match_routes(net::Router& router, MatchContext& context) {
    using enum net::Method;
    add_visited(router, context, get, "/v1/matches", list_matches);
    add_visited(router, context, get, "/v1/matches/{match}", show_match);
    add_visited(router, context, post, "/v1/matches/{match}/accept", answer<true>);
    add_visited(router, context, post, "/v1/matches/{match}/decline", answer<false>);
    add_visited(router, context, post, "/v1/matches/{match}/leave", leave);
    add_visited(router, context, post, "/v1/matches/{match}/backfill", fill);
    add_visited(router, context, post, "/v1/matches/{match}/end", end);
}

}  // namespace gk::api
