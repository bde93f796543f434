#include "api/context.hpp"
#include "api/render.hpp"
#include "api/reply.hpp"

namespace gk::api {
namespace {

Value render_setting(const catalog::Setting& setting) {
    auto out = Value::object({{"name", setting.name},
                              {"type", name_of(setting.type)},
                              {"title", setting.title},
                              {"description", setting.description},
                              {"default", setting.secret ? Value() : setting.initial},
                              {"required", setting.required},
                              {"secret", setting.secret}});
    if (setting.min) out.set("min", *setting.min);
    if (setting.max) out.set("max", *setting.max);
    if (!setting.pattern.empty()) out.set("pattern", setting.pattern);
    if (!setting.choices.empty()) out.set("choices", Value::Array(setting.choices.begin(), setting.choices.end()));
    if (!setting.link.empty()) out.set("link", setting.link);
    return out;
}

Value render_port(const catalog::PortRole& port) {
    Value::Array protocols;
    if (port.tcp) protocols.emplace_back("tcp");
    if (port.udp) protocols.emplace_back("udp");
    return Value::object({{"role", port.role}, {"protocols", std::move(protocols)}, {"internal", port.internal}});
}

Value render_exposure(const std::optional<server::Exposure::Kind>& kind) { return kind ? Value(name_of(*kind)) : Value(); }

Value render_package(const catalog::Package& package) {
    return Value::object({{"name", package.name},
                          {"title", package.title},
                          {"exposure", render_exposure(package.exposure)},
                          {"resources", Value::object({{"cpu_millis", package.resources.cpu.count},
                                                       {"memory_mib", package.resources.memory.count},
                                                       {"disk_mib", package.resources.disk.count}})}});
}

Value render_game(const Context& context, const catalog::Game& game) {
    Value::Array settings, ports, packages;
    for (const auto& setting : game.settings) settings.push_back(render_setting(setting));
    for (const auto& port : game.ports) ports.push_back(render_port(port));
    for (const auto& package : game.packages) packages.push_back(render_package(package));
    const auto missing = context.shelf.missing(game);
    return Value::object({{"name", game.name},
                          {"title", game.title},
                          {"description", game.description},
                          {"available", missing.empty()},
                          {"missing", missing.empty() ? Value() : Value(missing)},
                          {"ports", std::move(ports)},
                          {"packages", std::move(packages)},
                          {"exposure", render_exposure(game.exposure)},
                          {"settings", std::move(settings)}});
}

// GET /v1/games
Task<Outcome> list_games(Context& context, net::Request& request, app::Caller) {
    CO_TRY(page, page_of(request));
    const auto name = [](const auto& entry) { return entry.first; };
    co_return list_reply(context.games.games(), page, name, [&context](const auto& entry) { return render_game(context, entry.second); });
}

// GET /v1/games/{game}
Task<Outcome> show_game(Context& context, net::Request& request, app::Caller) {
    CO_TRY_OK(no_query(request));
    const auto* game = context.games.game(request.parameter("game"));
    if (game == nullptr) co_return std::unexpected(app::not_found(context.games.unknown_game(request.parameter("game")).detail));
    co_return json_reply(200, render_game(context, *game));
}

// GET /v1/packages
Task<Outcome> list_packages(Context& context, net::Request& request, app::Caller) {
    CO_TRY(page, page_of(request));
    co_return list_reply(context.games.packages(), page, [](const catalog::Package& package) { return package.name; }, render_package);
}

}  // namespace

void add_catalog_routes(net::Router& router, Context& context) {
    add_guarded(router, context, net::Method::get, "/v1/games", list_games);
    add_guarded(router, context, net::Method::get, "/v1/games/{game}", show_game);
    add_guarded(router, context, net::Method::get, "/v1/packages", list_packages);
}

}  // namespace gk::api
