#pragma once

#include <string>

// Where `serve` and the command line look when nobody says: both must find the same place.
namespace gk::programs {

// An environment variable; empty when it is not set.
std::string environment(const char* name);
// Where Gamekeeper keeps everything: /var/lib/gamekeeper for root, else $XDG_STATE_HOME/gamekeeper or ~/.local/state/gamekeeper.
std::string default_state();
// The API's Unix socket of a `serve` that was started in the same way: <state>/api.sock when a state was said, /run/gamekeeper/api.sock for
// root, else $XDG_RUNTIME_DIR/gamekeeper/api.sock, else in the default state.
std::string default_socket(const std::string& said_state);

}  // namespace gk::programs
