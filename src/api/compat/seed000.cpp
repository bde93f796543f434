#include "api/compat/seed000.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "api/compat/words.hpp"
#include "api/decode.hpp"
#include "api/query.hpp"
#include "api/render.hpp"
#include "api/reply.hpp"
#include "app/servers/rules.hpp"

namespace gk::api::compat::seed000 {
namespace {

struct Wording {
    std::string_view error;
    std::string_view type;
};

Wording wording_of(const app::Error& error) {
    using enum app::Error::Kind;
    switch (error.kind) {
    case invalid: return {"Validation failed", "ValidationError"};
    case unauthenticated: return {"Unauthorized", "AuthenticationError"};
    case forbidden: return {"Forbidden", "AuthorizationError"};
    case not_found:
        if (error.code == "no_such_file") return {"File not found", "NotFoundError"};
        if (error.code == "no_such_game") return {"Game not found", "NotFoundError"};
        return {"Server not found", "NotFoundError"};
    // The text of the original for everything that the cluster refused; the status tells more.
    case conflict:
    case unprocessable:
    case exhausted:
    case unavailable: return {"Kubernetes operation failed", "KubernetesError"};
    case internal: return {"", "OperationError"};
    }
    std::unreachable();
}

// "/id" -> "server_id", "/settings/eula" -> "eula": as the original's clients call them.
std::string field_name(std::string_view pointer) {
    if (pointer == "/id") return "server_id";
    if (pointer.empty()) return "_schema";  // The body as a whole, in the words of the original's validator.
    const auto slash = pointer.rfind('/');
    return std::string(slash == std::string_view::npos ? pointer : pointer.substr(slash + 1));
}

Value messages_by_field(const std::vector<FieldError>& fields) {
    auto out = Value::object();
    for (const auto& field : fields) {
        const auto name = field_name(field.pointer);
        const auto* before = out.find(name);
        auto messages = before != nullptr ? *before->as_array() : Value::Array();
        messages.emplace_back(field.detail);
        out.set(name, std::move(messages));
    }
    return out;
}

Value error_body(std::string error, Value details, std::string_view type) {
    return Value::object({{"error", std::move(error)}, {"details", std::move(details)}, {"type", type}});
}

app::Error no_data(std::string why) { return app::invalid({{.pointer = "", .code = "no_data", .detail = std::move(why), .mark = {}}}); }

bool is_without_data(const app::Error& error) {
    return error.fields.size() == 1 && (error.fields.front().code == "no_data" || error.fields.front().code == "bad_json");
}

void check_name(ObjectReader& in, std::string_view field, const std::string& text) {
    if (app::is_name(text)) return;
    in.fail(field, "bad_format", fmt::format("'{}' may have 1 to 50 lower-case letters, digits and '-', with no '-' at either end", text));
}

struct TargetBody {
    Target target;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, TargetBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("server_id", out.target.id);
    in.optional("namespace", out.target.space);
    if (!out.target.id.empty()) check_name(in, "server_id", out.target.id);
    check_name(in, "namespace", out.target.space);
    return in.finish();
}

struct StartBody {
    std::string server_id, space, package, game;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, StartBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("package", out.package);
    in.required("server_id", out.server_id);
    in.optional("namespace", out.space);
    in.optional("game", out.game);
    return in.finish();
}

// What could not be read, under the names that the rules use: they say nothing more of the same field then.
std::vector<FieldError> under_our_names(std::vector<FieldError> errors) {
    for (auto& error : errors) {
        if (error.pointer == "/server_id") error.pointer = "/id";
    }
    return errors;
}

}  // namespace

net::Response refuse(const app::Error& error, const net::Request& request, std::string_view purpose) {
    const auto status = status_of(error.kind);
    const auto wording = wording_of(error);
    if (is_without_data(error)) return json_reply(status, error_body("No data provided", error.fields.front().detail, wording.type));
    auto body = error_body(wording.error.empty() ? fmt::format("{} failed", purpose) : std::string(wording.error),
                           error.fields.empty() ? Value(error.message) : messages_by_field(error.fields), wording.type);
    const auto id = std::ranges::find(request.parameters, "id", &std::pair<std::string_view, std::string_view>::first);
    if (error.kind == app::Error::Kind::not_found && id != request.parameters.end()) body.set("server_id", id->second);
    auto reply = json_reply(status, body);
    if (status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (status == 503) reply.headers.emplace_back("Retry-After", "2");
    return reply;
}

net::Response timed_out(const Operation& operation, std::string_view purpose) {
    auto reply = json_reply(504, error_body(fmt::format("{} timed out", purpose), render(operation), "TimeoutError"));
    reply.headers.emplace_back("Location", "/v1/operations/" + operation.id.text());
    return reply;
}

Result<Value, app::Error> read_data(const net::Request& request) {
    if (request.body.empty()) return std::unexpected(no_data("the body is empty; send a JSON object"));
    TRY(value, parse_body(request.body));
    const auto* members = value.as_object();
    if (value.is_null() || (members != nullptr && members->empty())) return std::unexpected(no_data("the body says nothing; send a JSON object"));
    return std::move(value);
}

Result<Target, app::Error> read_target(const net::Request& request) {
    TRY(space, space_of(request));
    TRY(data, read_data(request));
    TargetBody body{.target = {.space = space, .id = {}}};
    Errors errors;
    if (!decode(data, "", errors, body)) return std::unexpected(app::invalid(errors.take()));
    return body.target;
}

Result<app::CreateOrder, app::Error> read_start(const Options& options, const catalog::Catalog& games, const net::Request& request) {
    TRY(space, space_of(request));
    TRY(data, read_data(request));
    StartBody body{.server_id = {}, .space = space, .package = {}, .game = options.game};
    Errors errors;
    decode(data, "", errors, body);
    app::CreateOrder order;
    order.id = body.server_id;
    order.space = body.space;
    order.game = body.game;
    order.package = body.package;
    order.settings = usual_settings(options, games, body.game);
    order.world = app::CreateOrder::World::adopt;
    order.start = true;
    order.unread = under_our_names(errors.take());
    return order;
}

}  // namespace gk::api::compat::seed000
