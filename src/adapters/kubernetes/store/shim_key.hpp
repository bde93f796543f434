#pragma once

#include "adapters/kubernetes/store/server_secrets.hpp"
#include "ports/runtime.hpp"
#include "tls/noise/handshake.hpp"

namespace gk::kubernetes {

// The key of a server's shim, from its Secret. `invalid` when the Secret has none of the right length.
Runtime::Answer<noise::Key> shim_key(ServerSecrets& secrets, ObjectKey server);
// The same for the pods that save and restore.
Runtime::Answer<noise::Key> tools_key(ServerSecrets& secrets, ObjectKey server);

}  // namespace gk::kubernetes
