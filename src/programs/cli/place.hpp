#pragma once

#include <string>

#include "programs/cli/api_client.hpp"

namespace gk::programs {

struct PlaceWish {
    std::string socket;
    std::string url;
    std::string key;
    std::string authorities;
    std::string state;
    // When one of them is there, the key is the token with which kubectl would speak to that cluster.
    std::string kubeconfig;
    std::string context;
};
// Flags first, then GK_URL, GK_KEY, GK_CA, GK_KUBECONFIG and GK_CONTEXT, then the default socket. With a URL of this machine and no key,
// <state>/admin.key is tried. A cluster's token opens more than Gamekeeper: it is never sent over a network in the clear.
Result<ApiPlace, CommandError> find_api(const PlaceWish& wish);

}  // namespace gk::programs
