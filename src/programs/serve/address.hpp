#pragma once

#include <string>

#include "app/servers/servers.hpp"
#include "programs/config/config.hpp"

namespace gk::programs {

// What players are told: the configured host, else this machine's first address that is not loopback, else 127.0.0.1.
std::string public_host(const Config& config);
// What games may have of this machine, as configured.
app::MachineLimits machine_limits(const Config& config, bool own_addresses);

}  // namespace gk::programs
