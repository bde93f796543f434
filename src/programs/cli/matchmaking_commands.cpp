#include "programs/cli/matchmaking_commands.hpp"

#include <fmt/format.h>

#include "net/http/target.hpp"
#include "programs/cli/matchmaking_parts.hpp"

namespace gk::programs {

std::string path_of(std::string_view kind, const std::string& name) { return fmt::format("/v1/{}/{}", kind, net::percent_encoded(name)); }

Done remove_one(ApiClient& api, const Output& output, std::string_view kind, const std::string& name) {
    TRY_OK(api.call({.method = "DELETE", .path = path_of(kind, name)}));
    if (!output.json) fmt::print("'{}' is gone\n", name);
    return Success{};
}

void add_matchmaking_commands(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote) {
    add_queues(root, wishes, remote);
    add_matches(root, wishes, remote);
    add_fleets(root, wishes, remote);
}

}  // namespace gk::programs
