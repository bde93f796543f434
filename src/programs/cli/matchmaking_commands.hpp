#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "programs/cli/commands.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace gk::programs {

// What the options of `queue`, `match` and `fleet` write into.
struct MatchmakingWishes {
    std::string name;
    std::string file;   // "-": standard input.
    std::string queue;
    std::string player;
    std::uint32_t size = 0;
    bool live = false;
    bool all = false;
    bool shadow = false;
};

// Makes `run` what a command does with the API.
using AsRemote = std::function<void(CLI::App* command, std::function<Done(ApiClient&, const Output&)> run)>;

// Adds the commands for queues, tickets, matches and fleets. `wishes` outlives the parsing and the run.
void add_matchmaking_commands(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote);

}  // namespace gk::programs
