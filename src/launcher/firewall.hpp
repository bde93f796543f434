#pragma once

#include <vector>

#include "launcher/places.hpp"
#include "launcher/rules/firewall.hpp"

// The machine's firewall. One chain, rewritten as a whole from what is noted on disk, so that it is right after any crash.
namespace gk::launcher {

// Notes the server's internal ports (none: removes the note) and rewrites the rules.
Outcome<Success> set_internal_ports(const Options& options, ServerUid uid, const std::vector<Port>& ports);
Outcome<Success> write_firewall(const Options& options);
// Removes our chain and the jump into it.
void remove_firewall(const Options& options);

}  // namespace gk::launcher
