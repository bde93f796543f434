#pragma once

#include "programs/match_server/options.hpp"

namespace gk::programs {

// `gamekeeper match-server`: serves until the match is over or SIGTERM comes, both of which are 0. Says on standard output where it listens, once
// it does; why the match ended goes to the log. Returns the exit status.
int match_server_main(const MatchServerWish& wish);

}  // namespace gk::programs
