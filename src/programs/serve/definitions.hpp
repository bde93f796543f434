#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/kubernetes/client/api_server.hpp"
#include "base/value.hpp"

namespace gk::programs {

// What is wrong with the definitions of our kinds in a cluster.
struct DefinitionTrouble {
    std::string what;  // A sentence.
    std::string cure;  // A command.
};

// None: they are there, and not older than this program; or the cluster does not say, which others will find out.
kubernetes::Reply<std::optional<DefinitionTrouble>> trouble_with_definitions(kubernetes::ApiServer& server);

// Members of a GameServer's spec that this program knows and the cluster does not, by the cluster's OpenAPI v3 document of our group.
std::vector<std::string> members_missing_in(const Value& document);

}  // namespace gk::programs
