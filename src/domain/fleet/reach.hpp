#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "domain/server/exposure.hpp"

namespace gk::fleet {

// How players reach a match server on a cluster: by a port of its node (host_port), or by its own address, from inside alone (internal). It has no
// Service, so `asked`, what its package or its game says, means the usual way where it needs one or is absent: the node's where `allowed`, what the
// operator lets people choose from, has that, else from inside. The error is a sentence: a node's port was asked for and is not allowed.
Result<server::Exposure::Kind, std::string> way_to_match_server(std::optional<server::Exposure::Kind> asked,
                                                                std::span<const server::Exposure::Kind> allowed);

}  // namespace gk::fleet
