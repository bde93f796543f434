#include "adapters/kubernetes/store/shim_key.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "base/bytes.hpp"

namespace gk::kubernetes {
namespace {

Runtime::Answer<noise::Key> key_in(ServerSecrets& secrets, ObjectKey server, std::string_view which, Secret ServerKeys::* member) {
    const auto name = object_name(server.name);
    const auto keys = co_await secrets.read(std::move(server));
    if (!keys) {
        co_return std::unexpected(
            RuntimeError{RuntimeError::Kind::unavailable, fmt::format("the Secret {} cannot be read: {}", name, keys.error().detail)});
    }
    const auto bytes = as_byte_span(((*keys).*member).reveal());
    noise::Key key;
    if (bytes.size() != key.size()) {
        co_return std::unexpected(
            RuntimeError{RuntimeError::Kind::invalid, fmt::format("the key '{}' in the Secret {} does not have 32 bytes", which, name)});
    }
    std::ranges::copy(bytes, key.begin());
    co_return key;
}

}  // namespace

Runtime::Answer<noise::Key> shim_key(ServerSecrets& secrets, ObjectKey server) {
    return key_in(secrets, std::move(server), "shim", &ServerKeys::shim);
}

Runtime::Answer<noise::Key> tools_key(ServerSecrets& secrets, ObjectKey server) {
    return key_in(secrets, std::move(server), "tools", &ServerKeys::tools);
}

}  // namespace gk::kubernetes
