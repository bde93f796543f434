#pragma once

#include <sys/resource.h>

namespace gk::programs {

// For programs with thousands of connections: as many descriptors as this process may have; the usual 1,024 are for those that use select().
inline void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace gk::programs
