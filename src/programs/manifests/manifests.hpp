#pragma once

#include <string>

namespace gk::programs {

// What `kubectl apply --server-side -f -` takes, as YAML documents (docs/adr/0018).
// The definitions of GameServer and Game; the chart's crds/ is a copy.
std::string definitions();
// Everything that makes Gamekeeper run in a cluster: the definitions, and the chart with its defaults.
std::string manifests();
// The two Secrets by which edges and control planes know each other (docs/adr/0032), other ones each time: `gamekeeper-edge-keys` in the namespace of
// the control plane and in that of the edges. They are good for ten years.
std::string edge_keys(const std::string& space, const std::string& edge_space);

}  // namespace gk::programs
