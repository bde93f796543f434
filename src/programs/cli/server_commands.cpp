#include <algorithm>
#include <iostream>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "net/http/target.hpp"
#include "programs/cli/commands.hpp"
#include "programs/cli/server_words.hpp"
#include "programs/cli/settings.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"
#include "programs/cli/words.hpp"

namespace gk::programs {
namespace {

Result<Value, CommandError> labels_of(const std::vector<std::string>& pairs) {
    Value::Object out;
    for (const auto& pair : pairs) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) {
            return std::unexpected(CommandError{.exit = exit_usage, .message = fmt::format("--label '{}' must be NAME=TEXT", pair)});
        }
        out.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return Value(std::move(out));
}

// As labels_of, but "NAME-" takes a label away.
Result<Value, CommandError> label_changes_of(const std::vector<std::string>& changes) {
    Value::Object out;
    std::vector<std::string> pairs;
    for (const auto& change : changes) {
        const bool removes = change.size() > 1 && change.ends_with('-') && !change.contains('=');
        if (removes) out.emplace_back(change.substr(0, change.size() - 1), Value());
        else pairs.push_back(change);
    }
    TRY(texts, labels_of(pairs));
    for (const auto& [name, text] : *texts.as_object()) out.emplace_back(name, text);
    return Value(std::move(out));
}

// "loadBalancer,dns_label=castle" as the API wants it; null when nothing was said.
Result<Value, CommandError> exposure_of(std::string_view text) {
    if (text.empty()) return Value();
    const auto parts = split(text, ',');
    Value out = Value::object({{"type", parts.front()}});
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const auto equals = parts[i].find('=');
        if (equals == std::string_view::npos || equals == 0) {
            return std::unexpected(CommandError{
                .exit = exit_usage, .message = fmt::format("--exposure '{}': '{}' must be NAME=TEXT, such as dns_label=castle", text, parts[i])});
        }
        out.set(parts[i].substr(0, equals), parts[i].substr(equals + 1));
    }
    return out;
}

// Asks on the terminal; without one it is a usage error to destroy without --yes.
Result<Success, CommandError> confirm(const VerbWish& wish) {
    if (wish.yes) return Success{};
    if (isatty(STDIN_FILENO) != 1) {
        return std::unexpected(CommandError{.exit = exit_usage, .message = "deleting needs --yes when nobody can be asked"});
    }
    fmt::print(stderr, "Delete '{}'{}? Type its name to go on: ", wish.name.id, wish.purge ? " AND ALL ITS BACKUPS" : "");
    std::string answer;
    std::getline(std::cin, answer);
    if (trimmed(answer) == wish.name.id) return Success{};
    return std::unexpected(CommandError{.exit = exit_failed, .message = "not deleted"});
}

Done print_state(ApiClient& api, const ServerName& name) {
    TRY(reply, api.call({.path = path_of(name)}));
    const auto state = text_at(reply.body, "state");
    const auto endpoints = state == "running" ? endpoints_text(reply.body) : std::string();
    fmt::print("'{}' is {}{}\n", name.id, state, endpoints.empty() ? "" : "; players connect to " + endpoints);
    return Success{};
}

// "none" alone is nobody.
Value recipients_of(const std::vector<std::string>& people) {
    if (people == std::vector<std::string>{"none"}) return Value::Array();
    return Value::Array(people.begin(), people.end());
}

// The name as commands take it.
std::string words_of(const ServerName& name) { return name.space == "default" ? name.id : name.id + " -n " + name.space; }

}  // namespace

namespace {

// Null when there is no such game: the API names it together with whatever else is wrong.
Result<Value, CommandError> game_named(ApiClient& api, const std::string& game) {
    auto reply = api.call({.path = "/v1/games/" + net::percent_encoded(game)});
    if (reply) return std::move(reply->body);
    if (reply.error().exit == exit_not_found) return Value();
    return std::unexpected(reply.error());
}

}  // namespace

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
    TRY(game, game_named(api, wish.game));
    TRY(settings, settings_of(game, wish.settings));
    TRY(labels, labels_of(wish.labels));
    if (!wish.settings.empty()) body.set("settings", std::move(settings));
    if (!wish.labels.empty()) body.set("labels", std::move(labels));
    if (!wish.backup_every.empty()) body.set("backup_every", wish.backup_every);
    if (!wish.launch.empty()) body.set("launch", wish.launch);
    TRY(exposure, exposure_of(wish.exposure));
    if (!exposure.is_null()) body.set("exposure", std::move(exposure));
    add_sleep(body, wish.sleep);
    if (!wish.notify.empty()) body.set("notify", recipients_of(wish.notify));
    if (!wish.world.empty()) body.set("world", wish.world);
    if (wish.start) body.set("start", true);
    TRY(reply, api.call({.method = "POST", .path = "/v1/servers", .body = std::move(body)}));
    TRY_OK(finish_operation(api, output, std::move(reply.body), ""));
    if (output.json || !output.wait) return Success{};
    if (wish.start) return print_state(api, wish.name);
    fmt::print("created '{}'; start it with: gamekeeper server start {}\n", wish.name.id, words_of(wish.name));
    return Success{};
}

Done delete_server(ApiClient& api, const Output& output, const VerbWish& wish) {
    // First of all, so that nobody confirms the end of what is not there.
    TRY(found, api.call({.path = path_of(wish.name)}));
    TRY_OK(confirm(wish));
    const auto id = net::percent_encoded(wish.name.id);
    TRY(reply, api.call({.method = "DELETE", .path = path_of(wish.name) + (wish.force ? "&force=" + id : "") + (wish.purge ? "&purge=" + id : "")}));
    const auto done = wish.purge ? fmt::format("deleted '{}' and its backups", wish.name.id)
                                 : fmt::format(
                                       "deleted '{}'; its world is kept for a while and comes back with:\n"
                                       "  gamekeeper server create {} --game {} --world adopt --start",
                                       wish.name.id, words_of(wish.name), text_at(found.body, "game"));
    return finish_operation(api, output, std::move(reply.body), done);
}

Done change_server(ApiClient& api, const Output& output, const VerbWish& wish) {
    if (wish.verb == "delete") return delete_server(api, output, wish);
    ApiClient::Call call{.method = "POST", .path = path_of(wish.name, "/" + wish.verb)};
    if (wish.force) call.body = Value::object({{"force", wish.name.id}});
    TRY(reply, api.call(std::move(call)));
    TRY_OK(finish_operation(api, output, std::move(reply.body), ""));
    if (output.json || !output.wait) return Success{};
    return print_state(api, wish.name);
}

Done set_server(ApiClient& api, const Output& output, const SetWish& wish) {
    const bool says_nothing = wish.settings.empty() && wish.labels.empty() && wish.backup_every.empty() && wish.launch.empty();
    if (says_nothing && wish.exposure.empty() && wish.sleep.says_nothing() && wish.notify.empty()) {
        return std::unexpected(CommandError{
            .exit = exit_usage,
            .message = "say what to change: NAME=VALUE, --label NAME=TEXT, --backup-every, --launch, --exposure, --wake, --allow, --idle or "
                       "--notify"});
    }
    TRY(labels, label_changes_of(wish.labels));
    TRY(server, api.call({.path = path_of(wish.name)}));
    TRY(game, game_named(api, text_at(server.body, "game")));
    TRY(values, settings_of(game, wish.settings));
    Value change;
    if (!wish.settings.empty()) change.set("settings", std::move(values));
    if (!wish.labels.empty()) change.set("labels", std::move(labels));
    if (!wish.backup_every.empty()) change.set("backup_every", wish.backup_every);
    if (!wish.launch.empty()) change.set("launch", wish.launch);
    TRY(exposure, exposure_of(wish.exposure));
    if (!exposure.is_null()) change.set("exposure", std::move(exposure));
    add_sleep(change, wish.sleep);
    if (!wish.notify.empty()) change.set("notify", recipients_of(wish.notify));
    TRY(reply, api.call({.method = "PATCH", .path = path_of(wish.name), .body = std::move(change)}));
    if (output.json) return print_json(reply.body);
    const auto* pending = member(reply.body, "pending").as_array();
    const bool waits = pending != nullptr && !pending->empty();
    fmt::print("stored{}\n", waits ? "; it takes effect at the next start: gamekeeper server restart " + words_of(wish.name) : "");
    return Success{};
}

Done send_command(ApiClient& api, const Output& output, const ServerName& name, const std::string& line) {
    TRY(reply, api.call({.method = "POST", .path = path_of(name, "/commands"), .body = Value::object({{"command", line}})}));
    if (output.json) return print_json(reply.body);
    const auto text = text_at(reply.body, "reply");
    for (const auto part : split(text, '\n')) {
        if (!part.empty()) fmt::print("{}\n", printable(part));
    }
    return Success{};
}

Done take_snapshot(ApiClient& api, const Output& output, const ServerName& name) {
    TRY(reply, api.call({.method = "POST", .path = path_of(name, "/snapshots")}));
    return finish_operation(api, output, std::move(reply.body),
                            fmt::format("saved '{}'; see: gamekeeper server snapshots {}", name.id, words_of(name)));
}

namespace {

// "latest" is the newest complete one.
Result<Value, CommandError> chosen_snapshot(ApiClient& api, const ServerName& name, const std::string& wanted) {
    TRY(all, api.all(path_of(name, "/snapshots")));
    std::erase_if(all, [&](const Value& item) {
        return wanted == "latest" ? text_at(item, "status") != "complete" : !text_at(item, "id").starts_with(wanted);
    });
    if (wanted == "latest" && all.size() > 1) all.erase(all.begin() + 1, all.end());
    if (all.size() == 1) return std::move(all.front());
    const auto what = wanted == "latest" ? fmt::format("'{}' has no complete snapshot", name.id)
                                         : fmt::format("{} snapshot of '{}' begins with '{}'", all.empty() ? "no" : "more than one", name.id, wanted);
    return std::unexpected(CommandError{.exit = all.empty() ? exit_not_found : exit_usage,
                                        .message = what,
                                        .details = {fmt::format("gamekeeper server snapshots {}   lists them", words_of(name))}});
}

}  // namespace

Done restore_server(ApiClient& api, const Output& output, const ServerName& name, const std::string& snapshot, bool undo) {
    if (undo) {
        TRY(reply, api.call({.method = "POST", .path = path_of(name, "/restore/undo")}));
        return finish_operation(api, output, std::move(reply.body), fmt::format("'{}' is as it was before the last restore", name.id));
    }
    TRY(chosen, chosen_snapshot(api, name, snapshot));
    TRY(reply, api.call({.method = "POST", .path = path_of(name, "/restore"), .body = Value::object({{"snapshot", text_at(chosen, "id")}})}));
    return finish_operation(api, output, std::move(reply.body),
                            fmt::format("'{}' is as it was at {}; to go back: gamekeeper server restore {} --undo", name.id,
                                        when(text_at(chosen, "created_at")), words_of(name)));
}

}  // namespace gk::programs
