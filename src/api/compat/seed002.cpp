#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "api/compat/old_route.hpp"
#include "api/compat/turn.hpp"
#include "api/compat/words.hpp"
#include "api/decode.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"

// The third original: a cluster API whose servers have numbers. It answers {success, ...} at once and leaves the work to the cluster; failures are
// {success: false, error} with a true status, where the original answered 500.
namespace gk::api::compat {
namespace {

// The sentences of all fields, in one line.
std::string sentence_of(const app::Error& error) {
    if (error.fields.empty()) return error.message;
    std::string text;
    for (const auto& field : error.fields) {
        if (!text.empty()) text += "; ";
        if (!field.pointer.empty()) text += field.pointer.substr(1) + ": ";
        text += field.detail;
    }
    return text;
}

net::Response refuse(const app::Error& error, const net::Request&, std::string_view) {
    const auto status = status_of(error.kind);
    auto reply = json_reply(status, Value::object({{"success", false}, {"error", sentence_of(error)}}));
    if (status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (status == 503) reply.headers.emplace_back("Retry-After", "2");
    return reply;
}

net::Response success() { return json_reply(200, Value::object({{"success", true}})); }

// A number of the original as our id: its decimal text, so that 007 and 7 are one server.
Result<std::string, app::Error> id_of(const net::Request& request) {
    const auto text = request.parameter("id");
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return std::to_string(number);
    return std::unexpected(
        app::invalid({{.pointer = "/id", .code = "bad_format", .detail = fmt::format("'{}' is no whole number from 0 on", text), .mark = {}}}));
}

Result<Target, app::Error> target_of(const net::Request& request) {
    TRY(space, space_of(request));
    TRY(id, id_of(request));
    return Target{.space = space, .id = id};
}

// A number above 0 and up to `most`.
struct Amount {
    double count = 0;
    double most = 0;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, Amount& out) {
    if (!decode(value, pointer, errors, out.count)) return false;
    if (out.count > 0 && out.count <= out.most) return true;
    errors.add(pointer, "out_of_range", fmt::format("a number above 0 and up to {} is expected", out.most), value.mark());
    return false;
}

struct CreateBody {
    Amount ram_gb{.count = 0, .most = 16384};
    Amount disk_gb{.count = 0, .most = 1048576};
    Amount cpu_count{.count = 2, .most = 1024};  // The original gave every server two.
    std::string game;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, CreateBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("ram_gb", out.ram_gb);
    in.required("disk_gb", out.disk_gb);
    in.optional("cpu_count", out.cpu_count);
    in.optional("game", out.game);
    return in.finish();
}

std::int64_t mebibytes(double gibibytes) { return std::llround(gibibytes * 1024); }

app::CreateOrder order_of(const Compat& compat, Target target, const CreateBody& body) {
    app::CreateOrder order;
    order.id = std::move(target.id);
    order.space = std::move(target.space);
    order.game = body.game.empty() ? compat.options.game : body.game;
    order.resources = server::Resources{
        .cpu = {std::llround(body.cpu_count.count * 1000)}, .memory = {mebibytes(body.ram_gb.count)}, .disk = {mebibytes(body.disk_gb.count)}};
    order.settings = usual_settings(compat.options, compat.api.games, order.game);
    // The original's delete freed the disk: a number that comes again begins anew. With us the old world stays in the vault for its time.
    order.world = app::CreateOrder::World::fresh;
    order.start = true;
    return order;
}

// POST /api/v1/server/{id}/ and .../create
Task<Outcome> create_server(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(once, idempotency_of(request));
    CO_TRY(target, target_of(request));
    CO_TRY(body, read_body<CreateBody>(request.body));
    auto order = order_of(compat, std::move(target), body);
    CO_TRY_OK(co_await compat.api.servers.create(std::move(caller), std::move(order), std::move(once)));
    co_return success();
}

// PATCH /api/v1/server/{id}/start and its like. In the original one could follow the other at once: a verb that comes too early waits.
template <server::Verb verb>
Task<Outcome> change_server(Compat& compat, net::Request& request, app::Caller caller) {
    const auto deadline = compat.api.clock.now() + compat.options.wait;
    CO_TRY(once, idempotency_of(request));
    CO_TRY(target, target_of(request));
    const app::VerbOrder order{.verb = verb};
    CO_TRY_OK(co_await ask_in_turn(compat, std::move(caller), std::move(target), order, std::move(once), deadline));
    co_return success();
}

app::Error not_open(std::string why) { return {.kind = app::Error::Kind::conflict, .code = "not_allocated", .message = std::move(why)}; }

Result<std::int64_t, app::Error> port_of(const server::Record& record, std::string_view type) {
    if (type == "primary") {
        if (const auto port = primary_port(record)) return *port;
        return std::unexpected(not_open(fmt::format("server {} has no port for players", record.id)));
    }
    if (type == "rcon") {
        // Open only where the game's definition makes it so: the console is for the control plane.
        for (const auto& port : record.ports) {
            if (port.role == "rcon" && !port.internal) return std::to_underlying(port.open);
        }
        return std::unexpected(not_open(
            fmt::format("the console of server {} is not reachable from outside; POST /v1/servers/{}/commands types into it", record.id, record.id)));
    }
    if (type == "sftp") return std::unexpected(not_open("there is no SFTP yet; /api/bucket/files reads and writes a world's files"));
    return std::unexpected(app::not_found(fmt::format("'{}' is no kind of port; there are primary, rcon and sftp", type)));
}

Task<Outcome> tell_port(Compat& compat, net::Request& request, app::Caller caller, std::string type) {
    CO_TRY(target, target_of(request));
    CO_TRY(record, co_await compat.api.servers.find(std::move(caller), target.space, target.id));
    CO_TRY(port, port_of(record, type));
    co_return json_reply(200, Value::object({{"success", true}, {"port", port}}));
}

// GET, PATCH /api/v1/server/{id}/port/{type}
Task<Outcome> show_port(Compat& compat, net::Request& request, app::Caller caller) {
    return tell_port(compat, request, std::move(caller), std::string(request.parameter("type")));
}
// GET /api/v1/server/{id}/get-server-port
Task<Outcome> show_primary_port(Compat& compat, net::Request& request, app::Caller caller) {
    return tell_port(compat, request, std::move(caller), "primary");
}
// GET /api/v1/server/{id}/get-rcon-port
Task<Outcome> show_rcon_port(Compat& compat, net::Request& request, app::Caller caller) {
    return tell_port(compat, request, std::move(caller), "rcon");
}

// GET /api/v1/server/{id}/status
Task<Outcome> show_status(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(target, target_of(request));
    CO_TRY(record, co_await compat.api.servers.find(std::move(caller), target.space, target.id));
    co_return json_reply(200, Value::object({{"success", true}, {"status", pod_phase(record)}}));
}

double rounded(double number) { return std::round(number * 100) / 100; }
double percent(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : rounded(100.0 * static_cast<double>(part) / static_cast<double>(whole));
}
double gibibytes(MebiBytes size) { return rounded(static_cast<double>(size.count) / 1024); }
double cpus(MilliCpu cpu) { return static_cast<double>(cpu.count) / 1000; }

// GET /api/v1/server/{id}/usage
Task<Outcome> show_usage(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(target, target_of(request));
    CO_TRY(view, co_await compat.api.servers.show(std::move(caller), target.space, target.id));
    const auto& limits = view.record.resources;
    co_return json_reply(200, Value::object({{"success", true},
                                             {"cpu_usage", cpus(view.usage.cpu)},
                                             {"memory_usage_gb", gibibytes(view.usage.memory)},
                                             {"cpu_limits", cpus(limits.cpu)},
                                             {"memory_limits_gb", gibibytes(limits.memory)},
                                             {"cpu_percent", percent(view.usage.cpu.count, limits.cpu.count)},
                                             {"memory_percent", percent(view.usage.memory.count, limits.memory.count)}}));
}

Task<net::Response> alive(net::Request&) { co_return json_reply(200, Value::object({{"alive", true}})); }

constexpr auto routes = std::to_array<OldRoute>({
    {net::Method::post, "/api/v1/server/{id}", "create", create_server},
    {net::Method::post, "/api/v1/server/{id}/", "create", create_server},
    {net::Method::post, "/api/v1/server/{id}/create", "create", create_server},
    {net::Method::patch, "/api/v1/server/{id}/start", "start", change_server<server::Verb::start>},
    {net::Method::patch, "/api/v1/server/{id}/stop", "stop", change_server<server::Verb::pause>},
    {net::Method::patch, "/api/v1/server/{id}/restart", "restart", change_server<server::Verb::restart>},
    {net::Method::del, "/api/v1/server/{id}/delete", "delete", change_server<server::Verb::remove>},
    {net::Method::get, "/api/v1/server/{id}/port/{type}", "port", show_port},
    {net::Method::patch, "/api/v1/server/{id}/port/{type}", "port", show_port},
    {net::Method::get, "/api/v1/server/{id}/get-server-port", "port", show_primary_port},
    {net::Method::get, "/api/v1/server/{id}/get-rcon-port", "port", show_rcon_port},
    {net::Method::get, "/api/v1/server/{id}/status", "status", show_status},
    {net::Method::get, "/api/v1/server/{id}/usage", "usage", show_usage},
});

}  // namespace

void add_seed002_routes(net::Router& router, Compat& compat) {
    router.add({.method = net::Method::get, .pattern = "/healthcheck", .handler = alive});
    add(router, compat, routes, refuse);
}

}  // namespace gk::api::compat
