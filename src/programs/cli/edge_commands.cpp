#include <fmt/format.h>

#include "net/http/target.hpp"
#include "programs/cli/commands.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"
#include "programs/cli/words.hpp"

namespace gk::programs {
namespace {

std::string server_text(const Value& route) {
    const auto space = text_at(route, "namespace");
    const auto id = text_at(route, "server");
    return space.empty() || space == "default" ? id : fmt::format("{}/{}", space, id);
}

std::string hosts_text(const Value& route) {
    std::string out;
    const auto* hosts = member(route, "hosts").as_array();
    if (hosts == nullptr) return out;
    for (const auto& host : *hosts) out += fmt::format("{}{}", out.empty() ? "" : ", ", host.as_string() != nullptr ? *host.as_string() : "");
    return out;
}

Tone tone_of_route(const std::string& state) {
    if (state == "up") return Tone::good;
    if (state == "failed") return Tone::bad;
    return state == "starting" ? Tone::busy : Tone::plain;
}

std::string counts_text(const Value& counts) {
    std::string out;
    const auto* members = counts.as_object();
    if (members == nullptr) return out;
    for (const auto& [name, count] : *members) {
        if (count != Value(0)) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", to_json(count), name);
    }
    return out;
}

Result<Value::Array, CommandError> items(ApiClient& api, const char* path) {
    TRY(reply, api.call({.path = path}));
    return items_of(reply.body);
}

}  // namespace

Done list_edge_routes(ApiClient& api, const Output& output) {
    TRY(routes, items(api, "/v1/edge/routes"));
    if (output.json) return print_list(std::move(routes));
    Table table({"SERVER", "PLAYERS COME TO", "PROTOCOL", "STATE", "WOKEN BY", "READY IN", "GAME AT", "NAMES"});
    for (const auto& route : routes) {
        const auto state = text_at(route, "state");
        table.add({server_text(route),
                   text_at(route, "listen") + (text_at(route, "kind") == "stream" ? "/tcp" : "/udp"),
                   text_at(route, "protocol"),
                   {state, tone_of_route(state)},
                   text_at(route, "admission"),
                   text_at(route, "ready_in"),
                   text_at(route, "upstream"),
                   hosts_text(route)});
    }
    fmt::print("{}", table.text("no server has a route: those that are stopped have none", output.screen));
    return Success{};
}

Done list_edge_sessions(ApiClient& api, const Output& output) {
    TRY(uses, items(api, "/v1/edge/sessions"));
    if (output.json) return print_list(std::move(uses));
    Table table({"SERVER", "PLAYERS COME TO", "SESSIONS", "WAITING"});
    for (const auto& use : uses) {
        table.add({server_text(use), text_at(use, "listen") + (text_at(use, "kind") == "stream" ? "/tcp" : "/udp"), count_at(use, "sessions"),
                   count_at(use, "held")});
    }
    fmt::print("{}", table.text("nobody plays through the edge", output.screen));
    return Success{};
}

Done show_edge_stats(ApiClient& api, const Output& output) {
    TRY(edges, items(api, "/v1/edge/stats"));
    if (output.json) return print_list(std::move(edges));
    Table table({"PID", "ROUTES", "SESSIONS", "WAITING", "WAKING", "COUNTED"});
    for (const auto& edge : edges) {
        const bool is_current = member(edge, "is_current") == Value(true);
        table.add({count_at(edge, "pid"),
                   {is_current ? "current" : "older", is_current ? Tone::good : Tone::bad},
                   count_at(edge, "sessions"),
                   count_at(edge, "held"),
                   count_at(edge, "waking"),
                   counts_text(member(edge, "counts"))});
    }
    fmt::print("{}", table.text("no edge is connected", output.screen));
    for (const auto& edge : edges) {
        for (const auto& complaint : *member(edge, "wrong").as_array()) fmt::print("edge {}: {}\n", count_at(edge, "pid"), to_json(complaint));
    }
    return Success{};
}

Done list_edge_bans(ApiClient& api, const Output& output) {
    TRY(bans, items(api, "/v1/edge/bans"));
    if (output.json) return print_list(std::move(bans));
    Table table({"ADDRESS", "UNTIL"});
    for (const auto& ban : bans) {
        const auto until = text_at(ban, "until");
        table.add({text_at(ban, "address"), until.empty() ? "it is lifted" : when(until)});
    }
    fmt::print("{}", table.text("nobody is banned", output.screen));
    return Success{};
}

Done ban_address(ApiClient& api, const Output& output, const std::string& address, const std::string& lasts) {
    Value body = Value::object({{"address", address}});
    if (!lasts.empty()) body.set("for", lasts);
    TRY(reply, api.call({.method = "POST", .path = "/v1/edge/bans", .body = std::move(body)}));
    if (output.json) return print_json(reply.body);
    const auto until = text_at(reply.body, "until");
    fmt::print("{} is banned until {}; who plays from there is sent away now\n", text_at(reply.body, "address"),
               until.empty() ? "it is lifted (gamekeeper edge unban)" : when(until));
    return Success{};
}

Done unban_address(ApiClient& api, const Output& output, const std::string& address) {
    TRY_OK(api.call({.method = "DELETE", .path = "/v1/edge/bans?address=" + net::percent_encoded(address)}));
    if (!output.json) fmt::print("{} may play again\n", address);
    return Success{};
}

}  // namespace gk::programs
