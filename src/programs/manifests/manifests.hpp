#pragma once

#include <string>

namespace gk::programs {

// Everything that a cluster needs before Gamekeeper runs in it, as YAML documents that `kubectl apply --server-side -f -` takes.
std::string manifests();

}  // namespace gk::programs
