#pragma once

#include <vector>

#include "launcher/places.hpp"
#include "launcher/rules/firewall.hpp"

// The machine's firewall. One chain, rewritten as a whole from what is noted on disk, so that it is right after any crash.
namespace gk::launcher {

// Notes what belongs to the server alone, its internal ports and its own address, and rewrites the rules.
Outcome<Success> close_to_others(const Options& options, ServerUid uid, const std::vector<Port>& ports);
// The server has nothing of its own any more.
Outcome<Success> forget_closed(const Options& options, ServerUid uid);
Outcome<Success> write_firewall(const Options& options);
// Removes our chain and the jump into it.
void remove_firewall(const Options& options);

}  // namespace gk::launcher
