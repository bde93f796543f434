#include "api/context.hpp"
#include "api/decode.hpp"
#include "api/query.hpp"
#include "api/render.hpp"
#include "api/reply.hpp"
#include "domain/front/routing.hpp"

namespace gk::api {
namespace {

app::Error no_edge() {
    return {.kind = app::Error::Kind::conflict,
            .code = "no_edge",
            .message = "no edge stands before the games of this installation; edge.enabled: true in gamekeeper.yaml brings one"};
}

struct Line {
    const wake::Route* route = nullptr;
    std::string_view protocol;
    bool is_stream = false;
};

std::vector<Line> lines_of(const wake::RouteTable& table) {
    std::vector<Line> lines;
    for (const auto& route : table.datagrams) lines.push_back({.route = &route, .protocol = name_of(route.protocol), .is_stream = false});
    for (const auto& listener : table.streams) {
        for (const auto& route : listener.routes) lines.push_back({.route = &route, .protocol = name_of(listener.protocol), .is_stream = true});
    }
    return lines;
}

Value server_of(const std::string& route_name) { return route_name.empty() ? Value() : Value(front::place_of(route_name).second); }
Value space_of_route(const std::string& route_name) { return route_name.empty() ? Value() : Value(front::place_of(route_name).first); }

Value render(const Line& line) {
    const auto& route = *line.route;
    return Value::object({{"server", server_of(route.server)},
                          {"namespace", space_of_route(route.server)},
                          {"listen", route.listen.text()},
                          {"kind", line.is_stream ? "stream" : "datagrams"},
                          {"protocol", line.protocol},
                          {"hosts", Value::Array(route.hosts.begin(), route.hosts.end())},
                          {"state", name_of(route.state)},
                          {"upstream", route.upstream ? Value(route.upstream->text()) : Value()},
                          {"admission", name_of(route.rule.admission)},
                          {"ready_in", route.ready_in ? Value(duration_text(*route.ready_in)) : Value()}});
}

Value render(const front::RouteUse& use) {
    return Value::object({{"server", server_of(use.server)},
                          {"namespace", space_of_route(use.server)},
                          {"listen", use.listen.text()},
                          {"kind", use.is_stream ? "stream" : "datagrams"},
                          {"sessions", static_cast<std::int64_t>(use.sessions)},
                          {"held", static_cast<std::int64_t>(use.held)}});
}

Value render(const wake::Ban& ban) { return document_of(ban); }

template <class T>
net::Response whole_list(const std::vector<T>& items) {
    Value::Array out;
    for (const auto& item : items) out.push_back(render(item));
    return json_reply(200, Value::object({{"items", std::move(out)}, {"next_cursor", Value()}}));
}

Result<const app::EdgeDesk*, app::Error> desk_for(Context& context, net::Request& request, const app::Caller& caller) {
    TRY_OK(no_query(request));
    TRY_OK(app::may(caller, app::Action::administer, caller.tenant));
    if (context.edge == nullptr) return std::unexpected(no_edge());
    return context.edge;
}

// GET /v1/edge/routes
Task<Outcome> list_routes(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(desk, desk_for(context, request, caller));
    co_return whole_list(lines_of(desk->table()));
}

// GET /v1/edge/sessions: of those routes that somebody uses.
Task<Outcome> list_sessions(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(desk, desk_for(context, request, caller));
    std::vector<front::RouteUse> used;
    for (const auto& [edge, report] : desk->edges()) {
        for (const auto& use : report.uses) {
            if (use.sessions > 0 || use.held > 0) used.push_back(use);
        }
    }
    co_return whole_list(used);
}

// GET /v1/edge/stats
Task<Outcome> show_stats(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(desk, desk_for(context, request, caller));
    Value::Array edges;
    for (const auto& [edge, report] : desk->edges()) {
        std::uint64_t sessions = 0, held = 0;
        std::map<std::string, std::uint64_t> sums;
        for (const auto& use : report.uses) {
            sessions += use.sessions;
            held += use.held;
            for (const auto& [name, count] : use.counts) sums[name] += count;
        }
        Value::Object counts;
        for (const auto& [name, count] : sums) counts.emplace_back(name, static_cast<std::int64_t>(count));
        edges.push_back(Value::object({{"pid", report.pid},
                                       {"epoch", static_cast<std::int64_t>(report.epoch)},
                                       {"number", static_cast<std::int64_t>(report.number)},
                                       {"is_current", report.epoch == desk->table().epoch && report.number == desk->table().number},
                                       {"sessions", static_cast<std::int64_t>(sessions)},
                                       {"held", static_cast<std::int64_t>(held)},
                                       {"waking", static_cast<std::int64_t>(report.knockers.size())},
                                       {"counts", std::move(counts)},
                                       {"wrong", Value::Array(report.wrong.begin(), report.wrong.end())}}));
    }
    co_return json_reply(200, Value::object({{"items", std::move(edges)}, {"next_cursor", Value()}}));
}

constexpr std::string_view block_wanted = "an address or a block is expected here, like 203.0.113.7 or 203.0.113.0/24";

// {address: ADDRESS, for?: DURATION}
struct BanBody {
    std::optional<wake::Block> block;
    std::optional<Milliseconds> lasts;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, BanBody& out) {
    ObjectReader in(value, pointer, errors);
    std::string address;
    in.required("address", address);
    in.optional("for", out.lasts);
    out.block = wake::Block::parse(address);
    if (!address.empty() && !out.block) in.fail("address", "bad_format", std::string(block_wanted));
    if (out.lasts && out.lasts->count() <= 0)
        in.fail("for", "out_of_range", "a ban lasts longer than nothing; left out, it lasts until it is lifted");
    return in.finish();
}

Result<app::Bans*, app::Error> bans_for(Context& context, const app::Caller& caller) {
    TRY_OK(app::may(caller, app::Action::administer, caller.tenant));
    if (context.edge == nullptr) return std::unexpected(no_edge());
    if (context.edge->bans() != nullptr) return context.edge->bans();
    return std::unexpected(app::Error{.kind = app::Error::Kind::conflict, .code = "no_bans", .message = "this installation keeps no bans"});
}

// GET /v1/edge/bans
Task<Outcome> list_bans(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    CO_TRY(bans, bans_for(context, caller));
    CO_TRY(all, bans->all());
    co_return whole_list(all);
}

// POST /v1/edge/bans
Task<Outcome> ban(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    CO_TRY(body, read_body<BanBody>(request.body));
    CO_TRY(bans, bans_for(context, caller));
    CO_TRY(made, bans->ban(*body.block, body.lasts));
    co_return json_reply(201, render(made));
}

// DELETE /v1/edge/bans?address=: a block has a slash, which is not for paths.
Task<Outcome> lift_ban(Context& context, net::Request& request, app::Caller caller) {
    QueryReader query(request);
    const auto block = wake::Block::parse(query.text("address"));
    if (query.has("address") && !block) query.fail("address", "bad_format", std::string(block_wanted));
    CO_TRY_OK(query.finish());
    if (!block) {
        Errors errors;
        errors.add("/query/address", "required", std::string(block_wanted));
        co_return std::unexpected(app::invalid(errors.take()));
    }
    CO_TRY(bans, bans_for(context, caller));
    CO_TRY_OK(bans->lift(*block));
    net::Response reply;
    reply.status = 204;
    co_return reply;
}

}  // namespace

void add_edge_routes(net::Router& router, Context& context) {
    using enum net::Method;
    add_guarded(router, context, get, "/v1/edge/routes", list_routes);
    add_guarded(router, context, get, "/v1/edge/sessions", list_sessions);
    add_guarded(router, context, get, "/v1/edge/stats", show_stats);
    add_guarded(router, context, get, "/v1/edge/bans", list_bans);
    add_guarded(router, context, post, "/v1/edge/bans", ban);
    add_guarded(router, context, del, "/v1/edge/bans", lift_ban);
}

}  // namespace gk::api
