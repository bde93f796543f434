#include "adapters/kubernetes/shim_key.hpp"

#include <algorithm>

#include "adapters/kubernetes/names.hpp"
#include "base/bytes.hpp"

namespace gk::kubernetes {

Runtime::Answer<noise::Key> shim_key(ServerSecrets& secrets, ObjectKey server) {
    const auto name = object_name(server.name);
    const auto keys = co_await secrets.read(std::move(server));
    if (!keys)
        co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "the Secret " + name + " cannot be read: " + keys.error().detail});
    const auto bytes = as_byte_span(keys->shim.reveal());
    noise::Key key;
    if (bytes.size() != key.size())
        co_return std::unexpected(RuntimeError{RuntimeError::Kind::invalid, "the key 'shim' in the Secret " + name + " does not have 32 bytes"});
    std::ranges::copy(bytes, key.begin());
    co_return key;
}

}  // namespace gk::kubernetes
