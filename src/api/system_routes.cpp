#include <array>

#include "api/context.hpp"
#include "api/docs_page.hpp"
#include "api/reply.hpp"

namespace gk::api {
namespace {

Value part(bool ok, std::string detail) { return Value::object({{"ok", ok}, {"detail", std::move(detail)}}); }

Task<net::Response> alive(net::Request&) { co_return net::Response::text(200, "application/json", "{\"status\":\"ok\"}\n"); }

Task<net::Response> ready(Context& context) {
    const auto store = co_await context.ledger.fact("ready");
    const auto runtime = co_await context.runtime.health();
    const auto vault = co_await context.vault.probe();
    const bool all = store.has_value() && runtime.has_value() && vault.has_value();
    co_return json_reply(all ? 200 : 503, Value::object({
                                              {"store", part(store.has_value(), store ? "" : store.error().detail)},
                                              {"runtime", part(runtime.has_value(), runtime ? *runtime : runtime.error().detail)},
                                              {"vault", part(vault.has_value(), vault ? "" : vault.error().detail)},
                                          }));
}

Task<net::Response> openapi(Context& context) { co_return json_reply(200, context.openapi); }
Task<net::Response> docs(Context& context) { co_return net::Response::text(200, "text/html; charset=utf-8", docs_page(context.openapi)); }

// GET /metrics
Task<Outcome> metrics(Context& context, net::Request&, app::Caller caller) {
    CO_TRY(servers, co_await context.servers.list(std::move(caller), ""));
    std::array<int, server::state_names.size()> counts{};
    for (const auto& view : servers) ++counts[std::to_underlying(view.state)];
    for (std::size_t i = 0; i < counts.size(); ++i) context.metrics.set_servers(server::state_names[i], counts[i]);
    co_return net::Response::text(200, "text/plain; version=0.0.4", context.metrics.text());
}

}  // namespace

void add_system_routes(net::Router& router, Context& context) {
    using enum net::Method;
    router.add({.method = get, .pattern = "/healthz", .handler = alive});
    router.add({.method = get, .pattern = "/readyz", .handler = [&context](net::Request&) { return ready(context); }});
    router.add({.method = get, .pattern = "/openapi.json", .handler = [&context](net::Request&) { return openapi(context); }});
    router.add({.method = get, .pattern = "/docs", .handler = [&context](net::Request&) { return docs(context); }});
    add_guarded(router, context, get, "/metrics", metrics);
}

}  // namespace gk::api
