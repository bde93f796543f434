#pragma once

#include <string>

namespace gk::programs {

struct EdgeWish {
    std::string routes;  // The file with the table of routes (docs/formats/edge-routes.md).
    unsigned loops = 0;  // 0: one for each processor.
};

// `gamekeeper edge`: relays as the file says until SIGTERM or SIGINT ends it; SIGHUP has it read the file again, which leaves the sessions of routes
// that stay. Returns the exit code.
int edge_main(const EdgeWish& wish);

}  // namespace gk::programs
