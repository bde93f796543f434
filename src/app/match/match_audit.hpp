#pragma once

#include <cstddef>

namespace gk::app {

// What was ended when matches were compared with their servers.
struct MatchAudit {
    std::size_t servers = 0;  // Of matches that are over, or that nobody knows: they are told to stop.
    std::size_t matches = 0;  // Whose server is gone: they end as "lost".
};

}  // namespace gk::app
