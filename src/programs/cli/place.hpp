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
};
// Flags first, then GK_URL, GK_KEY and GK_CA, then the default socket. With a URL of this machine and no key, <state>/admin.key is tried.
Result<ApiPlace, CommandError> find_api(const PlaceWish& wish);

}  // namespace gk::programs
