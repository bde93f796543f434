#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "programs/cli/document_file.hpp"
#include "programs/cli/matchmaking_parts.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

Done list_fleets(ApiClient& api, const Output& output) {
    TRY(fleets, api.all("/v1/fleets"));
    if (output.json) return print_list(std::move(fleets));
    Table table({"NAME", "GAME", "READY", "WANTED", "IN MATCHES", "STARTING", "MAX", "HELD BACK BY"});
    for (const auto& fleet : fleets) {
        const auto& servers = member(fleet, "servers");
        table.add({text_at(fleet, "name"), text_at(fleet, "game"), count_at(servers, "ready"), count_at(fleet, "ready"),
                   count_at(servers, "allocated"), count_at(servers, "starting"), count_at(fleet, "max"), text_at(servers, "limit")});
    }
    fmt::print("{}", table.text("no fleets; gamekeeper fleet put NAME FILE makes one", output.screen));
    return Success{};
}

Done put_fleet(ApiClient& api, const Output& output, const MatchmakingWishes& wishes) {
    TRY(document, read_document(wishes.file));
    TRY(reply, api.call({.method = "PUT", .path = path_of("fleets", wishes.name), .body = std::move(document)}));
    if (output.json) return print_json(reply.body);
    fmt::print("fleet '{}' is there\n", wishes.name);
    return Success{};
}

}  // namespace

void add_fleets(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote) {
    auto* fleet = root.add_subcommand("fleet", "match servers that are started ahead");
    fleet->require_subcommand(1);
    remote(fleet->add_subcommand("list", "all fleets, and how many of their servers are ready"), list_fleets);
    auto* put = fleet->add_subcommand("put", "make or change a fleet");
    put->add_option("FLEET", wishes.name)->required();
    put->add_option("FILE", wishes.file, "YAML or JSON: {game, package, ready, max, ...}; -: standard input")->required();
    remote(put, [&wishes](ApiClient& api, const Output& output) { return put_fleet(api, output, wishes); });
    auto* remove = fleet->add_subcommand("delete", "remove a fleet; servers in matches end with them");
    remove->add_option("FLEET", wishes.name)->required();
    remote(remove, [&wishes](ApiClient& api, const Output& output) { return remove_one(api, output, "fleets", wishes.name); });
}

}  // namespace gk::programs
