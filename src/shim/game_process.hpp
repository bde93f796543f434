#pragma once

#include <functional>
#include <set>
#include <sys/types.h>

#include "shim/system.hpp"
#include "wire/shim/spec.hpp"

namespace gk::shim {

// Standard streams of the game, as the shim holds them. With a pseudo-terminal both are its master.
struct Streams {
    Descriptor input;   // Written by us; non-blocking.
    Descriptor output;  // Read by us; non-blocking.
};

// A running game. Its first process is a child of the shim (which must be a child subreaper).
struct Game {
    pid_t pid = 0;
    bool first_of_namespace = false;  // It is PID 1 of a namespace of its own: killing it kills all of them.
    Streams streams;
    const std::set<pid_t>* helpers = nullptr;  // Children of the shim that are none of the game's.
};

// Starts the game and returns when it has been executed. `run_folder` is where runc leaves its pid file and its log.
ShimResult<Game> start_game(const wire::shim::Spec& spec, int run_folder);

// Sends a signal as a terminal or an administrator would. The kernel drops a signal for the first process of a namespace that does not
// handle it; where its default is to end the process, SIGKILL stands in for it, since that is what the game asked for.
void send_signal(const Game& game, int signal);
// SIGKILL to everything: the namespace, or the game's process group and whatever of it has been left to us.
void kill_everything(const Game& game);

// A child of the shim that has ended. `peak_bytes`: the most memory that it had at once.
using ChildEnded = std::function<void(pid_t pid, int wait_status, std::uint64_t peak_bytes)>;
void reap_children(const ChildEnded& ended);

// Becomes the given user for good, without any right: groups, ids, capabilities, new privileges, core dumps, ptrace.
ShimResult<Success> drop_rights(const wire::shim::Identity& identity);

}  // namespace gk::shim
