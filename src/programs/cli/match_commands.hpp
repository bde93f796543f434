#pragma once

#include <functional>

#include "programs/cli/place.hpp"
#include "programs/load/options.hpp"
#include "programs/match_server/options.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace gk::programs {

// What the options of `match-server` and `load` write into.
struct MatchWishes {
    MatchServerWish server;
    LoadWish load;
};

// Adds both commands; the chosen one is put into `run`. Everything is to outlive the parsing and the run; `place` and `format` are those that stand
// before every command.
void add_match_commands(CLI::App& root, MatchWishes& wishes, const PlaceWish& place, const std::string& format, std::function<int()>& run);

}  // namespace gk::programs
