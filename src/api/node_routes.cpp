#include "api/context.hpp"
#include "api/render.hpp"
#include "api/reply.hpp"

namespace gk::api {
namespace {

Value render(const app::NodeCare::Shown& shown) {
    Value::Array servers;
    for (const auto& record : shown.servers) servers.push_back(Value::object({{"id", record.id}, {"namespace", record.space}}));
    const auto& node = shown.node;
    return Value::object({{"name", node.name},
                          {"state", name_of(node.state)},
                          {"cordoned", node.is_cordoned},
                          {"address", node.address.empty() ? Value() : Value(node.address)},
                          {"confirmed_dead", node.confirmed_dead.empty() ? Value() : Value(node.confirmed_dead)},
                          {"servers", std::move(servers)}});
}

// GET /v1/nodes
Task<Outcome> list_nodes(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    CO_TRY(nodes, co_await context.nodes.list(std::move(caller)));
    const auto name = [](const app::NodeCare::Shown& it) { return it.node.name; };
    const Page all{.limit = nodes.size(), .cursor = {}};
    co_return list_reply(nodes, all, name, [](const app::NodeCare::Shown& it) { return render(it); });
}

// GET /v1/nodes/{node}
Task<Outcome> show_node(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    CO_TRY(shown, co_await context.nodes.show(std::move(caller), std::string(request.parameter("node"))));
    co_return json_reply(200, render(shown));
}

// POST /v1/nodes/{node}/confirm-dead
Task<Outcome> confirm_dead(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    CO_TRY(shown, co_await context.nodes.confirm_dead(std::move(caller), std::string(request.parameter("node"))));
    co_return json_reply(200, render(shown));
}

}  // namespace

void add_node_routes(net::Router& router, Context& context) {
    using enum net::Method;
    add_guarded(router, context, get, "/v1/nodes", list_nodes);
    add_guarded(router, context, get, "/v1/nodes/{node}", show_node);
    add_guarded(router, context, post, "/v1/nodes/{node}/confirm-dead", confirm_dead);
}

}  // namespace gk::api
