#pragma once

#include <string>
#include <string_view>

#include "programs/cli/matchmaking_commands.hpp"

// The parts of add_matchmaking_commands(), and what they share.
namespace gk::programs {

void add_queues(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote);
// `stats` below a command for queues: below `queue`, and below `match queue`, as it was first written down.
void add_queue_statistics(CLI::App& queue, MatchmakingWishes& wishes, const AsRemote& remote);
void add_matches(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote);
void add_fleets(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote);

// The API's path of one of `kind`, such as "queues".
std::string path_of(std::string_view kind, const std::string& name);
Done remove_one(ApiClient& api, const Output& output, std::string_view kind, const std::string& name);

}  // namespace gk::programs
