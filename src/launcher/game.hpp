#pragma once

#include "launcher/cgroup.hpp"
#include "launcher/places.hpp"

// A game and its shim: started, ended, cleared away. What runs is found again by the lock on its run folder, its container and its uid.
namespace gk::launcher {

// Returns when the game has been executed. One that runs, or has ended and was not cleaned, is left as it is.
Outcome<Success> launch(const Options& options, const Cgroup& cgroup, const wire::launcher::Launch& order);
// Ends every process that has the server's uid.
Outcome<Success> kill_all(const Options& options, ServerUid uid);
// Removes what a finished run left; refuses while the game runs.
Outcome<Success> clean(const Options& options, const Cgroup& cgroup, ServerUid uid);
// Everything: processes, run, disks, logs, slot.
Outcome<Success> forget(const Options& options, const Cgroup& cgroup, ServerUid uid);
std::vector<ServerUid> list_servers();
// At the launcher's end: takes down what no game needs any more, so that nothing is left of a Gamekeeper that does not run but files, and games
// that go on: disks of servers without processes are unmounted; without any game the firewall's rules and the groups go too.
void put_away(const Options& options, const Cgroup& cgroup);

}  // namespace gk::launcher
