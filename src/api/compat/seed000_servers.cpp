#include <fmt/format.h>

#include "api/compat/old_route.hpp"
#include "api/compat/seed000.hpp"
#include "api/compat/words.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"
#include "domain/server/request.hpp"

namespace gk::api::compat {
namespace {

constexpr std::string_view starting = "Server start", stopping = "Server stop", pausing = "Server pause", resuming = "Server resume";

// The game's own files, which the original saved and restored alone; with us they go with the whole world.
Value::Array own_files(const Compat& compat, const server::Record& record) {
    Value::Array out;
    const auto* game = compat.api.games.game(record.game);
    if (game == nullptr) return out;
    for (const auto& file : game->files) out.emplace_back(file.path);
    return out;
}

bool has_restored(const Operation& operation) {
    return std::ranges::any_of(operation.steps,
                               [](const auto& step) { return step.name == "restore" && step.status == OperationStep::Status::succeeded; });
}

Value connection_info(const Compat& compat, const server::Record& record) {
    const auto port = primary_port(record);
    return Value::object({{"ip", host_of(compat.api, record)}, {"port", port ? Value(*port) : Value()}});
}

// What became of a verb that the client waits for.
struct Done {
    Operation operation;
    server::Record record;
};
// The reply when it is none of the verb's own.
struct Unfinished {
    net::Response reply;
};

Task<Result<std::variant<Done, Unfinished>, app::Error>> finish(Compat& compat, app::Caller caller, Target target, app::Accepted accepted,
                                                                Time deadline, std::string_view purpose) {
    CO_TRY(operation, co_await follow(compat, caller, target, std::move(accepted), deadline));
    if (!operation.is_finished()) co_return Unfinished{seed000::timed_out(operation, purpose)};
    if (auto failure = failure_of(operation)) co_return std::unexpected(std::move(*failure));
    CO_TRY(record, co_await compat.api.servers.find(std::move(caller), target.space, target.id));
    co_return Done{std::move(operation), std::move(record)};
}

// A server of this name is there. One that was stopped, or failed, is none to the original's clients: it is started.
Task<Result<app::Accepted, app::Error>> start_again(Compat& compat, app::Caller caller, Target target, app::Idempotency once, Time deadline,
                                                    app::Error exists) {
    const auto record = co_await compat.api.servers.find(caller, target.space, target.id);
    if (!record) co_return std::unexpected(std::move(exists));
    const auto state = server::state_of(*record);
    if (state != server::State::stopped && state != server::State::stopping && state != server::State::failed) {
        exists.message = fmt::format("server '{}' already exists: it is {}{}", target.id, name_of(state),
                                     state == server::State::paused ? "; resume-server goes on with it" : "");
        co_return std::unexpected(std::move(exists));
    }
    const app::VerbOrder order{.verb = server::Verb::start};
    co_return co_await ask_in_turn(compat, std::move(caller), std::move(target), order, std::move(once), deadline);
}

// POST /api/server/start-server
Task<Outcome> start_server(Compat& compat, net::Request& request, app::Caller caller) {
    const auto deadline = compat.api.clock.now() + compat.options.wait;
    CO_TRY(once, idempotency_of(request));
    CO_TRY(order, seed000::read_start(compat.options, compat.api.games, request));
    const Target target{.space = order.space, .id = order.id};
    auto accepted = co_await compat.api.servers.create(caller, std::move(order), once);
    if (!accepted && accepted.error().code == "exists") {
        accepted = co_await start_again(compat, caller, target, std::move(once), deadline, std::move(accepted.error()));
    }
    if (!accepted) co_return std::unexpected(std::move(accepted.error()));
    CO_TRY(end, co_await finish(compat, std::move(caller), target, std::move(*accepted), deadline, starting));
    if (auto* unfinished = std::get_if<Unfinished>(&end)) co_return std::move(unfinished->reply);
    const auto& [operation, record] = std::get<Done>(end);
    const bool restored = has_restored(operation);
    co_return json_reply(200, Value::object({{"message", fmt::format("Server {} started successfully", record.id)},
                                             {"files_restored", restored},
                                             {"existing_files", restored ? own_files(compat, record) : Value::Array()},
                                             {"connection_info", connection_info(compat, record)}}));
}

// Asks for the verb of a body {server_id, namespace?} and waits for it.
Task<Result<std::variant<Done, Unfinished>, app::Error>> carry_out(Compat& compat, const net::Request& request, app::Caller caller, server::Verb verb,
                                                                   std::string_view purpose) {
    const auto deadline = compat.api.clock.now() + compat.options.wait;
    CO_TRY(once, idempotency_of(request));
    CO_TRY(target, seed000::read_target(request));
    const app::VerbOrder order{.verb = verb};
    CO_TRY(accepted, co_await ask_in_turn(compat, caller, target, order, std::move(once), deadline));
    co_return co_await finish(compat, std::move(caller), target, std::move(accepted), deadline, purpose);
}

Value::Array saved_files(const Compat& compat, const server::Record& record) {
    return record.last_snapshot ? own_files(compat, record) : Value::Array();
}

// POST /api/server/stop-server
Task<Outcome> stop_server(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(end, co_await carry_out(compat, request, std::move(caller), server::Verb::stop, stopping));
    if (auto* unfinished = std::get_if<Unfinished>(&end)) co_return std::move(unfinished->reply);
    const auto& record = std::get<Done>(end).record;
    co_return json_reply(
        200, Value::object({{"message", fmt::format("Server {} stopped successfully", record.id)}, {"files_saved", saved_files(compat, record)}}));
}

// POST /api/server/pause-server
Task<Outcome> pause_server(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(end, co_await carry_out(compat, request, std::move(caller), server::Verb::pause, pausing));
    if (auto* unfinished = std::get_if<Unfinished>(&end)) co_return std::move(unfinished->reply);
    const auto& record = std::get<Done>(end).record;
    co_return json_reply(200, Value::object({{"message", fmt::format("Server {} paused successfully", record.id)},
                                             {"files_saved", saved_files(compat, record)},
                                             {"status", "paused"}}));
}

// POST /api/server/resume-server
Task<Outcome> resume_server(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(end, co_await carry_out(compat, request, std::move(caller), server::Verb::start, resuming));
    if (auto* unfinished = std::get_if<Unfinished>(&end)) co_return std::move(unfinished->reply);
    const auto& [operation, record] = std::get<Done>(end);
    // A paused world keeps its disk: there is something to restore only when that was lost or freed.
    co_return json_reply(200, Value::object({{"message", fmt::format("Server {} resumed successfully", record.id)},
                                             {"status", "running"},
                                             {"files_restored", has_restored(operation) ? own_files(compat, record) : Value::Array()},
                                             {"connection_info", connection_info(compat, record)}}));
}

// POST /api/server/start-server-test
Task<Outcome> test_start(Compat& compat, net::Request&, app::Caller) {
    const auto health = co_await compat.api.runtime.health();
    if (!health) co_return std::unexpected(app::from(health.error()));
    co_return json_reply(200, Value::object({{"message", "Servers can be started"}, {"details", health->empty() ? "the runtime answers" : *health}}));
}

struct Replicas {
    int desired = 0;
    int ready = 0;
};
Replicas replicas_of(const server::Record& record) {
    return {.desired = record.wanted == server::Wanted::running ? 1 : 0, .ready = server::game_up(record) ? 1 : 0};
}

// The words of the original, which derived them from counts.
std::string_view status_of(const server::Record& record) {
    const auto [desired, ready] = replicas_of(record);
    if (record.phase == server::Phase::backup_failed) return "degraded";
    if (desired == ready) return desired == 1 ? "running" : "paused";
    if (ready > 0) return "degraded";  // It ends: it is saved first.
    return server::state_of(record) == server::State::failed ? "degraded" : "starting";
}

// The original removed what was stopped, and knew nothing of it any more.
bool is_listed(const server::Record& record) { return server::state_of(record) != server::State::stopped; }

// The label that was asked of the cloud, under which it makes a name.
Value dns_name(const server::Record& record) {
    const bool has_label = record.exposure && !record.exposure->dns_label.empty();
    return has_label ? Value(record.exposure->dns_label) : Value();
}

// In the words of Kubernetes. A machine's own ports are like a pod's on its node; of a cluster's usual way only the cluster's own objects tell.
Value service_type(const Compat& compat, const server::Record& record) {
    using enum server::Exposure::Kind;
    if (!record.exposure) return compat.api.public_host.empty() ? Value() : Value("HostPort");
    switch (record.exposure->kind) {
    case node_port: return "NodePort";
    case host_port: return "HostPort";
    case load_balancer: return "LoadBalancer";
    case edge:
    case internal: return "ClusterIP";
    }
    std::unreachable();
}

Value summary(const Compat& compat, const server::Record& record) {
    const auto [desired, ready] = replicas_of(record);
    const auto port = primary_port(record);
    return Value::object(
        {{"server_id", record.id},
         {"namespace", record.space},
         {"status", status_of(record)},
         {"replicas", Value::object({{"ready", ready}, {"desired", desired}})},
         {"created", rfc3339(record.created_at)},
         {"connection_info",
          Value::object({{"external_ip", host_of(compat.api, record)}, {"port", port ? Value(*port) : Value()}, {"dns_name", dns_name(record)}})}});
}

// GET /api/server/
Task<Outcome> list_servers(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(space, space_of(request));
    CO_TRY(all, co_await compat.api.servers.list(std::move(caller), std::move(space)));
    Value::Array servers;
    for (const auto& record : all) {
        if (is_listed(record)) servers.push_back(summary(compat, record));
    }
    const auto count = static_cast<std::int64_t>(servers.size());
    co_return json_reply(200, Value::object({{"servers", std::move(servers)}, {"total_count", count}}));
}

Value pods_of(const server::Record& record) {
    Value::Array pods;
    if (const auto [desired, ready] = replicas_of(record); desired + ready > 0) {
        pods.push_back(Value::object({{"name", record.id + "-0"},
                                      {"status", pod_phase(record)},
                                      {"ready", ready == 1},
                                      {"restarts", static_cast<std::int64_t>(record.crashes.size())},
                                      {"created", record.started_at ? Value(rfc3339(*record.started_at)) : Value()}}));
    }
    return pods;
}

Value resources_of(const server::Record& record) {
    const auto size =
        Value::object({{"cpu", fmt::format("{}m", record.resources.cpu.count)}, {"memory", fmt::format("{}Mi", record.resources.memory.count)}});
    return Value::object({{"requests", size}, {"limits", size}});
}

// GET /api/server/status/{id}
Task<Outcome> show_status(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(space, space_of(request));
    const std::string id(request.parameter("id"));
    CO_TRY(record, co_await compat.api.servers.find(std::move(caller), std::move(space), id));
    if (!is_listed(record)) co_return std::unexpected(app::not_found(fmt::format("server '{}' is stopped; start-server starts it again", id)));
    const auto [desired, ready] = replicas_of(record);
    auto out = summary(compat, record);
    out.set("replicas", Value::object({{"ready", ready}, {"desired", desired}, {"available", ready}}));
    out.set("pods", pods_of(record));
    out.set("resources", resources_of(record));
    out.set("image", record.game);
    auto connection = *out.find("connection_info");
    connection.set("service_type", service_type(compat, record));
    out.set("connection_info", std::move(connection));
    out.set("phase", name_of(record.phase));
    out.set("message", record.message.empty() ? Value() : Value(record.message));
    co_return json_reply(200, out);
}

constexpr auto routes = std::to_array<OldRoute>({
    {net::Method::post, "/api/server/start-server", starting, start_server},
    {net::Method::post, "/api/server/stop-server", stopping, stop_server},
    {net::Method::post, "/api/server/pause-server", pausing, pause_server},
    {net::Method::post, "/api/server/resume-server", resuming, resume_server},
    {net::Method::post, "/api/server/start-server-test", "Connection test", test_start},
    {net::Method::get, "/api/server", "Server listing", list_servers},
    {net::Method::get, "/api/server/", "Server listing", list_servers},
    {net::Method::get, "/api/server/status/{id}", "Server status", show_status},
});

}  // namespace

void add_seed000_server_routes(net::Router& router, Compat& compat) { add(router, compat, routes, seed000::refuse); }

}  // namespace gk::api::compat
