#include <array>
#include <memory>

#include "api/context.hpp"
#include "api/docs_page.hpp"
#include "api/reply.hpp"
#include "domain/server/request.hpp"

namespace gk::api {
namespace {

Value part(bool ok, std::string detail) { return Value::object({{"ok", ok}, {"detail", std::move(detail)}}); }

Task<net::Response> alive(net::Request&) { co_return net::Response::text(200, "application/json", "{\"status\":\"ok\"}\n"); }

// Anybody may ask whether we are ready, and a probe writes to the vault: its answer holds for a while, and one probe runs at a time.
struct VaultProbe {
    static constexpr Milliseconds lifetime = std::chrono::seconds(5);
    bool is_running = false;
    Time asked_at{};
    Value answer;  // Null: not asked yet.

    bool is_fresh(Time now) const { return !answer.is_null() && now < asked_at + lifetime; }
};

// Ends the run even when its task is cancelled.
class ProbeRun {
public:
    explicit ProbeRun(VaultProbe& probe) : probe_(probe) { probe_.is_running = true; }
    ~ProbeRun() { probe_.is_running = false; }
    ProbeRun(const ProbeRun&) = delete;
    ProbeRun& operator=(const ProbeRun&) = delete;

private:
    VaultProbe& probe_;
};

Task<Value> vault_part(Context& context, VaultProbe& probe) {
    if (probe.is_running && probe.answer.is_null()) co_return part(false, "the vault is being asked for the first time");
    if (!probe.is_running && !probe.is_fresh(context.clock.now())) {
        const ProbeRun run(probe);
        const auto vault = co_await context.vault.probe();
        probe.answer = part(vault.has_value(), vault ? "" : vault.error().detail);
        probe.asked_at = context.clock.now();
    }
    co_return probe.answer;
}

// Ready is who can take requests, whoever carries them out: while nobody keeps, one that was taken waits in its record.
Value keeper_part(const Context& context) {
    if (!context.admission.is_open())
        return part(false, "it has not taken over yet: changes wait; it goes on by itself once store and runtime answer");
    auto out = part(true, "");
    const auto other = context.keeper_name ? context.keeper_name() : std::string();
    out.set("keeps", context.tenure.has_begun());
    if (!context.tenure.has_begun()) out.set("holder", other.empty() ? Value() : Value(other));
    return out;
}

bool is_ok(const Value& part) { return *part.find("ok") == Value(true); }

Task<net::Response> ready(Context& context, std::shared_ptr<VaultProbe> probe) {
    const auto fact = co_await context.ledger.fact("ready");
    const auto health = co_await context.runtime.health();
    const auto store = part(fact.has_value(), fact ? "" : fact.error().detail);
    const auto runtime = part(health.has_value(), health ? *health : health.error().detail);
    const auto vault = co_await vault_part(context, *probe);
    const auto keeper = keeper_part(context);
    const bool all = is_ok(store) && is_ok(runtime) && is_ok(vault) && is_ok(keeper);
    co_return json_reply(all ? 200 : 503, Value::object({{"store", store}, {"runtime", runtime}, {"vault", vault}, {"keeper", keeper}}));
}

Task<net::Response> openapi(Context& context) { co_return json_reply(200, context.openapi); }
Task<net::Response> docs(Context& context) { co_return docs_page(context.openapi); }

// GET /metrics
Task<Outcome> metrics(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    CO_TRY(servers, co_await context.servers.list(std::move(caller), ""));
    std::array<int, server::state_names.size()> counts{};
    for (const auto& record : servers) ++counts[std::to_underlying(server::state_of(record))];
    for (std::size_t i = 0; i < counts.size(); ++i) context.metrics.set_servers(server::state_names[i], counts[i]);
    context.metrics.set_epoch(context.tenure.epoch());
    if (context.collect) co_await context.collect();
    co_return net::Response::text(200, "text/plain; version=0.0.4", context.metrics.text());
}

}  // namespace

void add_system_routes(net::Router& router, Context& context) {
    using enum net::Method;
    router.add({.method = get, .pattern = "/healthz", .handler = alive});
    router.add({.method = get, .pattern = "/readyz", .handler = [&context, probe = std::make_shared<VaultProbe>()](net::Request&) {
                    return ready(context, probe);
                }});
    router.add({.method = get, .pattern = "/openapi.json", .handler = [&context](net::Request&) { return openapi(context); }});
    router.add({.method = get, .pattern = "/docs", .handler = [&context](net::Request&) { return docs(context); }});
    add_guarded(router, context, get, "/metrics", metrics);
}

}  // namespace gk::api
