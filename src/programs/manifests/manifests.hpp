#pragma once

#include <string>

namespace gk::programs {

// What `kubectl apply --server-side -f -` takes, as YAML documents (docs/adr/0018).
// The definitions of GameServer and Game; the chart's crds/ is a copy.
std::string definitions();
// Everything that makes Gamekeeper run in a cluster: the definitions, and the chart with its defaults.
std::string manifests();

}  // namespace gk::programs
