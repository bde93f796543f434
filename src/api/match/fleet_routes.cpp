#include <utility>

#include "api/decode.hpp"
#include "api/match/match_context.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"
#include "ports/fleet_codec.hpp"

namespace gk::app {

// {game, package?, settings?, ready?, max?, starting_max?, start_limit?, autopilot?: {least?, most?, percent?, calm?}}
bool decode(const Value& value, const std::string& pointer, Errors& errors, FleetChange& out) {
    ObjectReader in(value, pointer, errors);
    auto& fleet = out.fleet;
    in.required("game", fleet.game);
    in.optional("package", fleet.package);
    in.optional("settings", fleet.settings);
    in.optional("ready", fleet.ready);
    in.optional("max", fleet.most);
    in.optional("starting_max", fleet.starting_most);
    in.optional("start_limit", fleet.start_limit);
    in.optional("autopilot", fleet.autopilot);
    return in.finish();
}

}  // namespace gk::app
namespace gk::api {
namespace {

std::string name_of_fleet(const net::Request& request) { return std::string(request.parameter("fleet")); }

Value render(const app::FleetOrders::Shown& shown) {
    auto value = to_value(shown.fleet);
    value.set("autopilot", shown.fleet.autopilot ? to_value(*shown.fleet.autopilot) : Value());
    if (!shown.counts) {
        value.set("servers", Value());
        return value;
    }
    const auto& counts = *shown.counts;
    value.set("servers", Value::object({{"starting", std::int64_t{counts.starting}},
                                        {"ready", std::int64_t{counts.ready}},
                                        {"allocated", std::int64_t{counts.allocated}},
                                        {"limit", counts.limit.empty() ? Value() : Value(counts.limit)}}));
    return value;
}

// PUT /v1/fleets/{fleet}
Task<Outcome> put_fleet(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    app::FleetChange begun;
    begun.fleet.name = name_of_fleet(request);
    CO_TRY(change, read_order(request.body, std::move(begun)));
    CO_TRY(shown, co_await context.fleets.put(std::move(visitor.caller), std::move(change)));
    co_return json_reply(shown.is_new ? 201 : 200, render(shown));
}

// GET /v1/fleets/{fleet}
Task<Outcome> show_fleet(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(shown, co_await context.fleets.find(std::move(visitor.caller), name_of_fleet(request)));
    co_return json_reply(200, render(shown));
}

// GET /v1/fleets
Task<Outcome> list_fleets(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY(page, page_of(request));
    CO_TRY(all, co_await context.fleets.list(std::move(visitor.caller)));
    const auto name = [](const app::FleetOrders::Shown& shown) { return shown.fleet.name; };
    co_return list_reply(all, page, name, [](const app::FleetOrders::Shown& shown) { return render(shown); });
}

// DELETE /v1/fleets/{fleet}
Task<Outcome> remove_fleet(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY_OK(co_await context.fleets.remove(std::move(visitor.caller), name_of_fleet(request)));
    co_return net::Response{.status = 204};
}

struct AllocateBody {
    MatchId match;
    std::map<std::string, std::string> labels;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, AllocateBody& out) {
    ObjectReader in(value, pointer, errors);
    std::string text;
    in.required("match", text);
    const auto id = MatchId::parse(text);
    if (!text.empty() && !id) in.fail("match", "bad_format", "a match has a UUID; make one for each");
    if (id) out.match = *id;
    in.optional("labels", out.labels);
    return in.finish();
}

// POST /v1/fleets/{fleet}/allocate
Task<Outcome> allocate(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(body, read_body<AllocateBody>(request.body));
    CO_TRY(server, co_await context.fleets.allocate(std::move(visitor.caller), name_of_fleet(request), body.match));
    Value::Array endpoints;
    endpoints.push_back(Value::object({{"role", "game"}, {"host", server.host}, {"port", std::int64_t{server.port}}}));
    co_return json_reply(200, Value::object({{"server", server.name}, {"endpoints", std::move(endpoints)}}));
}

}  // namespace

void add_fleet_routes(net::Router& router, MatchContext& context) {
    using enum net::Method;
    add_asked(router, context, get, "/v1/fleets", list_fleets, WhenNobodyAnswers::or_here);
    add_visited(router, context, put, "/v1/fleets/{fleet}", put_fleet);
    add_asked(router, context, get, "/v1/fleets/{fleet}", show_fleet, WhenNobodyAnswers::or_here);
    add_visited(router, context, del, "/v1/fleets/{fleet}", remove_fleet);
    add_asked(router, context, post, "/v1/fleets/{fleet}/allocate", allocate, WhenNobodyAnswers::unavailable);
}

}  // namespace gk::api
