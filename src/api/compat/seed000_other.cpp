#include <fmt/format.h>

#include "api/compat/old_route.hpp"
#include "api/compat/seed000.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"
#include "base/enum_names.hpp"

namespace gk::api::compat {
namespace {

// GET /health: alive is all it says, as in the original. The matchmaking's also looks at its database.
Task<net::Response> health(Compat& compat) {
    if (!compat.options.health_of_matchmaking) co_return json_reply(200, Value::object({{"status", "healthy"}}));
    const auto fact = co_await compat.api.ledger.fact("ready");
    co_return json_reply(200, Value::object({{"status", fact ? "ok" : "degraded"}}));
}

// GET /robots933456.txt: Azure's App Service asks for it to see whether a container answers.
Task<net::Response> warm_up(net::Request&) { co_return net::Response::text(200, "text/plain", ""); }

Value render_port(const catalog::PortRole& port) {
    Value::Array protocols;
    if (port.tcp) protocols.emplace_back("TCP");
    if (port.udp) protocols.emplace_back("UDP");
    return Value::object({{"name", port.role}, {"protocols", std::move(protocols)}});
}

// What a pod of the game would be given: names alone, for a value may be somebody's password.
Value render_environment(const catalog::Game& game) {
    Value::Array names;
    for (const auto& [name, value] : game.env) names.emplace_back(name);
    for (const auto& setting : game.settings) names.emplace_back(setting.name);
    return names;
}

// GET /api/game/info/{game}
Task<Outcome> show_game(Compat& compat, net::Request& request, app::Caller) {
    CO_TRY_OK(no_query(request));
    const auto name = request.parameter("game");
    const auto* game = compat.api.games.game(name);
    if (game == nullptr) {
        auto error = app::not_found(compat.api.games.unknown_game(name).detail);
        error.code = "no_such_game";
        co_return std::unexpected(std::move(error));
    }
    Value::Array ports;
    for (const auto& port : game->ports) {
        if (!port.internal) ports.push_back(render_port(port));
    }
    const auto& least = game->minimum;
    co_return json_reply(200, Value::object({{"game", game->name},
                                             {"status", "active"},
                                             {"title", game->title},
                                             {"description", game->description},
                                             {"image", game->name},
                                             {"ports", std::move(ports)},
                                             {"resources", Value::object({{"cpu", fmt::format("{}m", least.cpu.count)},
                                                                          {"memory", fmt::format("{}Mi", least.memory.count)},
                                                                          {"disk", fmt::format("{}Mi", least.disk.count)}})},
                                             {"env", render_environment(*game)}}));
}

// GET /api/user/info
Task<Outcome> show_user(Compat&, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    co_return json_reply(200, Value::object({{"message", "User information"},
                                             {"status", "active"},
                                             {"subject", caller.name},
                                             {"roles", Value::array({name_of(caller.scope)})},
                                             {"tenant", caller.tenant}}));
}

// GET /api/user/servers: the servers of the caller's tenant, in every namespace.
Task<Outcome> list_user_servers(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    CO_TRY(all, co_await compat.api.servers.list(std::move(caller), ""));
    Value::Array servers;
    for (const auto& record : all) servers.push_back(Value::object({{"server_id", record.id}, {"namespace", record.space}}));
    co_return json_reply(200, Value::object({{"message", "User servers"}, {"servers", std::move(servers)}}));
}

constexpr auto routes = std::to_array<OldRoute>({
    {net::Method::get, "/api/game/info/{game}", "Game information", show_game},
    {net::Method::get, "/api/user/info", "User information", show_user},
    {net::Method::get, "/api/user/servers", "User servers", list_user_servers},
});

// The oldest routes drove Azure's container groups; errors are {error} alone.
Task<net::Response> container_groups(net::Request&) {
    co_return json_reply(501, Value::object({{"error", "container groups are not supported; POST /api/server/start-server starts a server"}}));
}

}  // namespace

void add_seed000_other_routes(net::Router& router, Compat& compat) {
    using enum net::Method;
    router.add({.method = get, .pattern = "/health", .handler = [&compat](net::Request&) { return health(compat); }});
    router.add({.method = get, .pattern = "/robots933456.txt", .handler = warm_up});
    router.add({.method = post, .pattern = "/start-server", .handler = container_groups});
    router.add({.method = post, .pattern = "/stop-server", .handler = container_groups});
    router.add({.method = get, .pattern = "/server-status/{id}", .handler = container_groups});
    add(router, compat, routes, seed000::refuse);
}

}  // namespace gk::api::compat
