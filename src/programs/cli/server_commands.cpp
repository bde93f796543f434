#include <algorithm>
#include <iostream>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "net/http/target.hpp"
#include "programs/cli/commands.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

std::string path_of(const ServerName& name, std::string_view below = "") {
    return fmt::format("/v1/servers/{}{}?namespace={}", net::percent_encoded(name.id), below, net::percent_encoded(name.space));
}

Done print_json(const Value& value) {
    fmt::print("{}\n", to_json(value));
    return Success{};
}

Result<Value, CommandError> labels_of(const std::vector<std::string>& pairs) {
    Value::Object out;
    for (const auto& pair : pairs) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) {
            return std::unexpected(CommandError{.exit = exit_usage, .message = fmt::format("--label '{}' must be NAME=TEXT", pair), .details = {}});
        }
        out.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return Value(std::move(out));
}

std::string endpoint_text(const Value& server) {
    std::string out;
    const auto* endpoints = member(server, "endpoints").as_array();
    if (endpoints == nullptr) return out;
    for (const auto& endpoint : *endpoints) {
        if (!out.empty()) out += ", ";
        out += fmt::format("{}:{}/{}", text_at(endpoint, "host"), number_at(endpoint, "port").value_or(0), text_at(endpoint, "protocol"));
    }
    return out;
}

std::string players_text(const Value& server) {
    const auto& players = member(server, "players");
    const auto online = number_at(players, "online");
    const auto most = number_at(players, "max");
    if (!online) return "-";
    return most ? fmt::format("{}/{}", *online, *most) : fmt::format("{}", *online);
}

// Asks on the terminal; without one it is a usage error to destroy without --yes.
Result<Success, CommandError> confirm(const VerbWish& wish) {
    if (wish.yes) return Success{};
    if (isatty(STDIN_FILENO) != 1) {
        return std::unexpected(CommandError{.exit = exit_usage, .message = "deleting needs --yes when nobody can be asked", .details = {}});
    }
    fmt::print(stderr, "Delete '{}'{}? Type its name to go on: ", wish.name.id, wish.purge ? " AND ALL ITS BACKUPS" : "");
    std::string answer;
    std::getline(std::cin, answer);
    if (trimmed(answer) == wish.name.id) return Success{};
    return std::unexpected(CommandError{.exit = exit_failed, .message = "not deleted", .details = {}});
}

Done print_state(ApiClient& api, const ServerName& name) {
    TRY(reply, api.call({.path = path_of(name)}));
    const auto endpoints = endpoint_text(reply.body);
    fmt::print("{} is {}{}\n", name.id, text_at(reply.body, "state"), endpoints.empty() ? "" : "; players connect to " + endpoints);
    return Success{};
}

}  // namespace

Result<Value, CommandError> settings_of(const std::vector<std::string>& pairs) {
    Value::Object out;
    for (const auto& pair : pairs) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) {
            return std::unexpected(CommandError{.exit = exit_usage, .message = fmt::format("--set '{}' must be NAME=VALUE", pair), .details = {}});
        }
        const auto text = pair.substr(equals + 1);
        Value value(text);
        if (text == "true" || text == "false") value = Value(text == "true");
        else if (text == "null") value = Value();
        else if (!text.empty() && text.find_first_not_of("-0123456789") == std::string::npos && text.size() < 18) {
            const auto number = std::strtoll(text.c_str(), nullptr, 10);
            if (std::to_string(number) == text) value = Value(std::int64_t{number});
        } else if (text.contains('.') && text.find_first_not_of("-.0123456789") == std::string::npos) {
            const double number = std::strtod(text.c_str(), nullptr);
            value = Value(number);
        }
        out.emplace_back(pair.substr(0, equals), std::move(value));
    }
    return Value(std::move(out));
}

Done create_server(ApiClient& api, const Output& output, const CreateWish& wish) {
    auto body = Value::object({{"id", wish.name.id}, {"namespace", wish.name.space}, {"game", wish.game}});
    if (!wish.package.empty()) body.set("package", wish.package);
    if (wish.cpu_millis || wish.memory_mib || wish.disk_mib) {
        Value resources;
        if (wish.cpu_millis) resources.set("cpu_millis", *wish.cpu_millis);
        if (wish.memory_mib) resources.set("memory_mib", *wish.memory_mib);
        if (wish.disk_mib) resources.set("disk_mib", *wish.disk_mib);
        body.set("resources", std::move(resources));
    }
    TRY(settings, settings_of(wish.settings));
    TRY(labels, labels_of(wish.labels));
    if (!wish.settings.empty()) body.set("settings", std::move(settings));
    if (!wish.labels.empty()) body.set("labels", std::move(labels));
    if (!wish.backup_every.empty()) body.set("backup_every", wish.backup_every);
    if (!wish.world.empty()) body.set("world", wish.world);
    if (wish.start) body.set("start", true);
    TRY(reply, api.call({.method = "POST", .path = "/v1/servers", .body = std::move(body), .headers = {}}));
    TRY_OK(finish_operation(api, output, std::move(reply.body), ""));
    if (output.json || !output.wait) return Success{};
    if (wish.start) return print_state(api, wish.name);
    fmt::print("created '{}'; start it with: gamekeeper server start {}\n", wish.name.id, wish.name.id);
    return Success{};
}

Done change_server(ApiClient& api, const Output& output, const VerbWish& wish) {
    const bool deletes = wish.verb == "delete";
    if (deletes) TRY_OK(confirm(wish));
    ApiClient::Call call;
    if (deletes) {
        call.method = "DELETE";
        call.path = path_of(wish.name) + (wish.force ? "&force=" + wish.name.id : "") + (wish.purge ? "&purge=" + wish.name.id : "");
    } else {
        call.method = "POST";
        call.path = path_of(wish.name, "/" + wish.verb);
        if (wish.force) call.body = Value::object({{"force", wish.name.id}});
    }
    TRY(reply, api.call(std::move(call)));
    if (deletes) {
        return finish_operation(
            api, output, std::move(reply.body),
            fmt::format("deleted '{}'{}", wish.name.id, wish.purge ? " with its backups" : "; its world is kept in the vault for a while"));
    }
    TRY_OK(finish_operation(api, output, std::move(reply.body), ""));
    if (output.json || !output.wait) return Success{};
    return print_state(api, wish.name);
}

Done list_servers(ApiClient& api, const Output& output, const std::string& space) {
    const auto filter = space.empty() ? std::string() : "&namespace=" + net::percent_encoded(space);
    Value::Array all;
    for (std::string cursor;;) {
        TRY(reply, api.call({.path = "/v1/servers?limit=1000" + filter + (cursor.empty() ? "" : "&cursor=" + net::percent_encoded(cursor))}));
        for (const auto& item : items_of(reply.body)) all.push_back(item);
        cursor = text_at(reply.body, "next_cursor");
        if (cursor.empty()) break;
    }
    if (output.json) return print_json(Value(std::move(all)));
    Table table({"NAME", "GAME", "STATE", "PLAYERS", "ADDRESS", "WHY"});
    for (const auto& server : all) {
        const auto name_space = text_at(server, "namespace");
        table.add({name_space == "default" ? text_at(server, "id") : name_space + "/" + text_at(server, "id"), text_at(server, "game"),
                   text_at(server, "state"), players_text(server), endpoint_text(server), text_at(server, "message")});
    }
    fmt::print("{}", table.text("no servers; make one with: gamekeeper server create NAME --game minetest --start"));
    return Success{};
}

Done show_server(ApiClient& api, const Output& output, const ServerName& name) {
    TRY(reply, api.call({.path = path_of(name)}));
    const auto& server = reply.body;
    if (output.json) return print_json(server);
    const auto line = [](std::string_view what, const std::string& text) {
        if (!text.empty()) fmt::print("{:<14}{}\n", what, printable(text));
    };
    const auto& resources = member(server, "resources");
    const auto& usage = member(server, "usage");
    line("name", text_at(server, "id"));
    line("game", text_at(server, "game"));
    line("state", fmt::format("{} (phase {}, wanted {})", text_at(server, "state"), text_at(server, "phase"), text_at(server, "wanted")));
    line("why", text_at(server, "message"));
    line("address", endpoint_text(server));
    line("players", players_text(server));
    line("size", fmt::format("{} cpu/1000, {} MiB memory, {} MiB disk{}", number_at(resources, "cpu_millis").value_or(0),
                             number_at(resources, "memory_mib").value_or(0), number_at(resources, "disk_mib").value_or(0),
                             text_at(server, "package").empty() ? "" : " (package " + text_at(server, "package") + ")"));
    line("used", fmt::format("{} cpu/1000, {} MiB memory, {} MiB disk", number_at(usage, "cpu_millis").value_or(0),
                             number_at(usage, "memory_mib").value_or(0), number_at(usage, "disk_mib").value_or(0)));
    line("settings", to_json(member(server, "settings")));
    if (const auto* pending = member(server, "pending").as_array(); pending != nullptr && !pending->empty())
        line("pending", to_json(member(server, "pending")) + " (take effect at the next start)");
    line("last snapshot", text_at(server, "last_snapshot"));
    line("next schedule", text_at(server, "next_schedule"));
    const auto& exit = member(server, "last_exit");
    if (exit.as_object() != nullptr) line("last exit", fmt::format("{} at {}", text_at(exit, "cause"), text_at(exit, "at")));
    line("created", text_at(server, "created_at"));
    line("uid", text_at(server, "uid"));
    return Success{};
}

Done set_server(ApiClient& api, const Output& output, const ServerName& name, const std::vector<std::string>& settings) {
    TRY(values, settings_of(settings));
    TRY(reply, api.call({.method = "PATCH", .path = path_of(name), .body = Value::object({{"settings", std::move(values)}}), .headers = {}}));
    if (output.json) return print_json(reply.body);
    const auto* pending = member(reply.body, "pending").as_array();
    fmt::print("{}\n", pending != nullptr && !pending->empty() ? "stored; takes effect at the next start (gamekeeper server restart " + name.id + ")"
                                                               : "stored");
    return Success{};
}

Done explain_server(ApiClient& api, const Output& output, const ServerName& name) {
    TRY(reply, api.call({.path = path_of(name, "/explain")}));
    if (output.json) return print_json(reply.body);
    if (const auto* lines = member(reply.body, "lines").as_array()) {
        for (const auto& line : *lines) fmt::print("{}\n", line.as_string() != nullptr ? printable(*line.as_string()) : "");
    }
    return Success{};
}

Done send_command(ApiClient& api, const Output& output, const ServerName& name, const std::string& line) {
    TRY(reply, api.call({.method = "POST", .path = path_of(name, "/commands"), .body = Value::object({{"command", line}}), .headers = {}}));
    if (output.json) return print_json(reply.body);
    const auto text = text_at(reply.body, "reply");
    for (const auto part : split(text, '\n')) {
        if (!part.empty()) fmt::print("{}\n", printable(part));
    }
    return Success{};
}

Done take_snapshot(ApiClient& api, const Output& output, const ServerName& name) {
    TRY(reply, api.call({.method = "POST", .path = path_of(name, "/snapshots"), .body = {}, .headers = {}}));
    return finish_operation(api, output, std::move(reply.body), fmt::format("saved '{}'", name.id));
}

Done list_snapshots(ApiClient& api, const Output& output, const ServerName& name) {
    TRY(reply, api.call({.path = path_of(name, "/snapshots") + "&limit=1000"}));
    if (output.json) return print_json(reply.body);
    Table table({"ID", "CREATED", "STATUS", "CONSISTENCY", "BECAUSE", "SIZE", "FILES", "WHY"});
    for (const auto& item : items_of(reply.body)) {
        table.add({text_at(item, "id"), text_at(item, "created_at"), text_at(item, "status"), text_at(item, "consistency"), text_at(item, "trigger"),
                   size_text(static_cast<std::uint64_t>(number_at(item, "bytes").value_or(0))), std::to_string(number_at(item, "files").value_or(0)),
                   text_at(item, "reason")});
    }
    fmt::print("{}", table.text("no snapshots yet; take one with: gamekeeper server backup " + name.id));
    return Success{};
}

Done restore_server(ApiClient& api, const Output& output, const ServerName& name, const std::string& snapshot, bool undo) {
    if (undo) {
        TRY(reply, api.call({.method = "POST", .path = path_of(name, "/restore/undo"), .body = {}, .headers = {}}));
        return finish_operation(api, output, std::move(reply.body), fmt::format("'{}' is as it was before the last restore", name.id));
    }
    TRY(listed, api.call({.path = path_of(name, "/snapshots") + "&limit=1000"}));
    std::vector<std::string> matching;
    for (const auto& item : items_of(listed.body)) {
        const auto id = text_at(item, "id");
        const bool wanted = snapshot == "latest" ? text_at(item, "status") == "complete" && matching.empty() : id.starts_with(snapshot);
        if (wanted) matching.push_back(id);
    }
    if (matching.size() != 1) {
        return std::unexpected(
            CommandError{.exit = matching.empty() ? exit_not_found : exit_usage,
                         .message = fmt::format("{} snapshot of '{}' begins with '{}'", matching.empty() ? "no" : "more than one", name.id, snapshot),
                         .details = {fmt::format("gamekeeper server snapshots {}   lists them", name.id)}});
    }
    TRY(reply,
        api.call({.method = "POST", .path = path_of(name, "/restore"), .body = Value::object({{"snapshot", matching.front()}}), .headers = {}}));
    return finish_operation(api, output, std::move(reply.body),
                            fmt::format("'{}' is as it was then; to go back: gamekeeper server restore {} --undo", name.id, name.id));
}

}  // namespace gk::programs
