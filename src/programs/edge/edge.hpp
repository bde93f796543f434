#pragma once

#include <string>

#include "base/time.hpp"

namespace gk::programs {

struct EdgeWish {
    std::string routes;  // The file with the table of routes (docs/formats/edge-routes.md).
    std::string connect;  // Instead: where the control plane says the routes (docs/adr/0028), its socket or tls://HOST:PORT.
    std::string certificate;  // With tls://: PEM files, of what the edge shows ...
    std::string key;
    std::string authority;    // ... and of who signed what the control plane shows.
    std::string folder;   // With `connect`: where the last table is kept.
    unsigned loops = 0;  // 0: one for each processor. Who takes over has as many as the other one.
    std::string control;  // The socket by which another edge takes over from this one; empty: none does.
    bool takes_over = false;  // From the edge that listens at `control`.
    Milliseconds drain{0};  // How long SIGTERM waits for players to leave.
};

// `gamekeeper edge`: relays as the file says until SIGINT ends it, or SIGTERM, which lets nobody new in and waits for those who play; a second signal
// ends that. SIGHUP has it read the file again, which leaves the sessions of routes that stay. Returns the exit code.
int edge_main(const EdgeWish& wish);

}  // namespace gk::programs
