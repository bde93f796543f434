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

std::string path_of(const std::string& node) { return "/v1/nodes/" + net::percent_encoded(node); }

std::string servers_text(const Value& node) {
    std::string out;
    for (const auto& server : *member(node, "servers").as_array()) {
        out += fmt::format("{}{}/{}", out.empty() ? "" : ", ", text_at(server, "namespace"), text_at(server, "id"));
    }
    return out;
}

std::string state_text(const Value& node) {
    const bool cordoned = member(node, "cordoned") == Value(true);
    return text_at(node, "state") + (cordoned ? ", cordoned" : "");
}

Tone tone_of(const Value& node) { return state_text(node) == "up" ? Tone::good : Tone::bad; }

void print_node(const Value& node) {
    fmt::print("{} is {}\n", text_at(node, "name"), state_text(node));
    if (const auto address = text_at(node, "address"); !address.empty()) fmt::print("address  {}\n", address);
    if (const auto who = text_at(node, "confirmed_dead"); !who.empty()) fmt::print("confirmed dead  {}\n", who);
    const auto servers = servers_text(node);
    fmt::print("servers  {}\n", servers.empty() ? "none" : servers);
}

// Says what it means, and asks on the terminal; without one it is a usage error to go on without --yes.
Result<Success, CommandError> confirm(const Value& node, bool yes) {
    const auto name = text_at(node, "name");
    const auto servers = servers_text(node);
    fmt::print(stderr,
               "If {0} is dead, its games have ended, and may start elsewhere: {1}.\n"
               "If it is only cut off, they run there still, and a world would be written twice: be sure that the machine is switched off.\n"
               "Worlds on disks of that machine alone come back from their newest backup; what is newer is lost.\n",
               name, servers.empty() ? "none are known" : servers);
    if (yes) return Success{};
    if (isatty(STDIN_FILENO) != 1) {
        return std::unexpected(CommandError{.exit = exit_usage, .message = "to confirm that a node is dead needs --yes when nobody can be asked"});
    }
    fmt::print(stderr, "Type its name to go on: ");
    std::string answer;
    std::getline(std::cin, answer);
    if (trimmed(answer) == name) return Success{};
    return std::unexpected(CommandError{.exit = exit_failed, .message = "not confirmed"});
}

}  // namespace

Done list_nodes(ApiClient& api, const Output& output) {
    TRY(reply, api.call({.path = "/v1/nodes"}));
    if (output.json) return print_json(reply.body);
    Table table({"NAME", "STATE", "ADDRESS", "SERVERS"});
    for (const auto& node : items_of(reply.body))
        table.add({text_at(node, "name"), {state_text(node), tone_of(node)}, text_at(node, "address"), servers_text(node)});
    fmt::print("{}", table.text("no nodes", output.screen));
    return Success{};
}

Done show_node(ApiClient& api, const Output& output, const std::string& name) {
    TRY(reply, api.call({.path = path_of(name)}));
    if (output.json) return print_json(reply.body);
    print_node(reply.body);
    return Success{};
}

Done confirm_dead(ApiClient& api, const Output& output, const std::string& name, bool yes) {
    TRY(node, api.call({.path = path_of(name)}));
    if (text_at(node.body, "state") == "unreachable") TRY_OK(confirm(node.body, yes));
    // Of one that is dead already, or answers, the API says so.
    TRY(reply, api.call({.method = "POST", .path = path_of(name) + "/confirm-dead"}));
    if (output.json) return print_json(reply.body);
    fmt::print("{} is dead; when the machine is back and empty: kubectl taint node {} node.kubernetes.io/out-of-service-\n", name, name);
    return Success{};
}

}  // namespace gk::programs
