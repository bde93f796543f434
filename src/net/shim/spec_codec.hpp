#pragma once

#include <optional>
#include <string>

#include "base/id.hpp"
#include "domain/server/launch.hpp"
#include "ports/runtime.hpp"
#include "wire/shim/protocol.hpp"
#include "wire/shim/spec.hpp"

// Between the words of the domain and those of the shim.
namespace gk::net::shim {

// What a host adds to a launch. A host with sandboxes fills `container` and `identity`; a plain one fills neither, and `world` with the
// folder on this machine that stands for /data.
struct Hosting {
    std::optional<wire::shim::Container> container;
    std::optional<wire::shim::Identity> identity;
    std::string world;
};

// A shim in a pod: the world is mounted at /data, and the pod itself is the sandbox with its user and its limits.
inline Hosting in_pod() { return {.container = {}, .identity = {}, .world = "/data"}; }

// Fails with `invalid` when a role that is asked for has no port, when the console is of a kind that the shim does not speak, or when the
// document would be larger than the shim reads. Without a container, `/data` at the start of an argument, of an environment value, behind
// an '=' in them, and in the working directory is replaced by `hosting.world`.
Result<wire::shim::Spec, RuntimeError> to_wire(const server::LaunchSpec& launch, Epoch epoch, const Hosting& hosting);

server::Exit to_domain(const wire::shim::Exit& exit);
// Disk and staged are left for the caller.
Seen to_domain(const wire::shim::Status& status);

}  // namespace gk::net::shim
