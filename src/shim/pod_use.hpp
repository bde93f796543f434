#pragma once

#include <string>

#include "wire/shim/pod.hpp"

namespace gk::shim {

// What this container uses: its own control group is what it sees at `cgroup_root`. 0 for what cannot be found out.
wire::shim::PodUse pod_use(const std::string& cgroup_root, const std::string& volume);

}  // namespace gk::shim
