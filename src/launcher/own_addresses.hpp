#pragma once

#include "launcher/failure.hpp"
#include "launcher/options.hpp"

// The way back for what games say to players from addresses of their own (base/own_loopback.hpp, docs/adr/0031): one rule and one route of the
// machine, with a table of routes whose number is our first uid, so that two installations do not share them.
namespace gk::launcher {

// Nothing happens when they are there. The failure says why games of this machine cannot see players' addresses, and the cure.
Outcome<Success> open_own_addresses(const Options& options);
void close_own_addresses(const Options& options);

}  // namespace gk::launcher
