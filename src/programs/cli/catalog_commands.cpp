#include <fmt/format.h>

#include "net/http/target.hpp"
#include "net/json/json.hpp"
#include "programs/cli/commands.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

Done print_json(const Value& value) {
    fmt::print("{}\n", to_json(value));
    return Success{};
}

std::string ports_text(const Value& game) {
    std::string out;
    const auto* ports = member(game, "ports").as_array();
    if (ports == nullptr) return out;
    for (const auto& port : *ports) {
        const auto* protocols = member(port, "protocols").as_array();
        for (const auto& protocol : protocols != nullptr ? *protocols : Value::Array()) {
            out +=
                fmt::format("{}{}/{}", out.empty() ? "" : ", ", text_at(port, "role"), protocol.as_string() != nullptr ? *protocol.as_string() : "");
        }
    }
    return out;
}

}  // namespace

Done list_games(ApiClient& api, const Output& output) {
    TRY(reply, api.call({.path = "/v1/games"}));
    if (output.json) return print_json(reply.body);
    Table table({"NAME", "TITLE", "PORTS", "READY HERE"});
    for (const auto& game : items_of(reply.body)) {
        const auto missing = text_at(game, "missing");
        table.add({text_at(game, "name"), text_at(game, "title"), ports_text(game), missing.empty() ? "yes" : "no: " + missing});
    }
    fmt::print("{}", table.text("no games"));
    return Success{};
}

Done show_game(ApiClient& api, const Output& output, const std::string& name) {
    TRY(reply, api.call({.path = "/v1/games/" + net::percent_encoded(name)}));
    if (output.json) return print_json(reply.body);
    const auto& game = reply.body;
    fmt::print("{} ({})\n{}\nports: {}\n\n", text_at(game, "title"), text_at(game, "name"), text_at(game, "description"), ports_text(game));
    Table table({"SETTING", "TYPE", "DEFAULT", "WHAT"});
    const auto* settings = member(game, "settings").as_array();
    for (const auto& setting : settings != nullptr ? *settings : Value::Array()) {
        const auto& initial = member(setting, "default");
        const auto* required = member(setting, "required").as_bool();
        table.add({text_at(setting, "name"), text_at(setting, "type"),
                   required != nullptr && *required ? "(required)"
                   : initial.is_null()              ? ""
                                                    : to_json(initial),
                   text_at(setting, "description")});
    }
    fmt::print("{}", table.text("no settings"));
    return Success{};
}

Done create_key(ApiClient& api, const Output& output, const std::string& name, const std::string& scope) {
    TRY(reply, api.call({.method = "POST", .path = "/v1/keys", .body = Value::object({{"name", name}, {"scope", scope}})}));
    if (output.json) return print_json(reply.body);
    fmt::print(stderr, "Key '{}' ({}). This is shown once:\n", name, scope);
    fmt::print("{}\n", text_at(reply.body, "key"));
    return Success{};
}

Done list_keys(ApiClient& api, const Output& output) {
    TRY(reply, api.call({.path = "/v1/keys"}));
    if (output.json) return print_json(reply.body);
    Table table({"ID", "NAME", "SCOPE", "CREATED", "REVOKED"});
    for (const auto& key : items_of(reply.body)) {
        table.add({text_at(key, "id"), text_at(key, "name"), text_at(key, "scope"), text_at(key, "created_at"), text_at(key, "revoked_at")});
    }
    fmt::print("{}", table.text("no keys"));
    return Success{};
}

Done revoke_key(ApiClient& api, const Output& output, const std::string& id) {
    TRY_OK(api.call({.method = "DELETE", .path = "/v1/keys/" + net::percent_encoded(id)}));
    if (!output.json) fmt::print("revoked\n");
    return Success{};
}

Done show_logs(ApiClient& api, const Output& output, const LogWish& wish) {
    auto path =
        fmt::format("/v1/servers/{}/logs?namespace={}&tail={}", net::percent_encoded(wish.name.id), net::percent_encoded(wish.name.space), wish.tail);
    if (wish.follow) path += "&follow=true";
    if (!wish.match.empty()) path += "&match=" + net::percent_encoded(wish.match);
    return api.lines(path, [&](std::string_view line) {
        if (output.json) {
            fmt::print("{}\n", line);
        } else if (const auto value = net::parse_json(line)) {
            fmt::print("{}\n", printable(text_at(*value, "line")));
        }
        std::fflush(stdout);
        return true;
    });
}

}  // namespace gk::programs
