#pragma once

#include <string>

#include "programs/cli/api_client.hpp"

namespace gk::programs {

// Where Gamekeeper keeps everything when nobody says: /var/lib/gamekeeper for root, else $XDG_STATE_HOME/gamekeeper or
// ~/.local/state/gamekeeper.
std::string default_state();
// The API's Unix socket of a `serve` that was started in the same way: <state>/api.sock when a state was said, /run/gamekeeper/api.sock for
// root, else $XDG_RUNTIME_DIR/gamekeeper/api.sock, else in the default state.
std::string default_socket(const std::string& said_state);

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
