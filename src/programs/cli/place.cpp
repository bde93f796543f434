#include "programs/cli/place.hpp"

#include <cstdlib>
#include <fstream>
#include <unistd.h>

#include "base/text.hpp"

namespace gk::programs {
namespace {

std::string environment(const char* name) {
    const char* text = std::getenv(name);
    return text != nullptr ? text : "";
}

Secret key_in(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return Secret(std::string(trimmed(line)));
}

}  // namespace

std::string default_state() {
    if (geteuid() == 0) return "/var/lib/gamekeeper";
    if (const auto home = environment("XDG_STATE_HOME"); !home.empty()) return home + "/gamekeeper";
    return environment("HOME") + "/.local/state/gamekeeper";
}

std::string default_socket(const std::string& said_state) {
    if (!said_state.empty()) return said_state + "/api.sock";
    if (geteuid() == 0) return "/run/gamekeeper/api.sock";
    if (const auto runtime = environment("XDG_RUNTIME_DIR"); !runtime.empty()) return runtime + "/gamekeeper/api.sock";
    return default_state() + "/api.sock";
}

Result<ApiPlace, CommandError> find_api(const PlaceWish& wish) {
    if (!wish.socket.empty() && !wish.url.empty()) {
        return std::unexpected(CommandError{.exit = exit_usage, .message = "say either --socket or --url, not both"});
    }
    ApiPlace place;
    place.key = Secret(!wish.key.empty() ? wish.key : environment("GK_KEY"));
    const auto state = !wish.state.empty() ? wish.state : environment("GK_STATE");
    if (!wish.socket.empty()) {
        place.socket = wish.socket;
    } else if (const auto url = !wish.url.empty() ? wish.url : environment("GK_URL"); !url.empty()) {
        place.url = url;
        place.authorities = !wish.authorities.empty() ? wish.authorities : environment("GK_CA");
        if (place.key.empty()) place.key = key_in((state.empty() ? default_state() : state) + "/admin.key");
    } else {
        place.socket = default_socket(state);
    }
    return place;
}

}  // namespace gk::programs
