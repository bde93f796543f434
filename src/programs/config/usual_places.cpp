#include "programs/config/usual_places.hpp"

#include <cstdlib>
#include <unistd.h>

namespace gk::programs {

std::string environment(const char* name) {
    const char* text = std::getenv(name);
    return text != nullptr ? text : "";
}

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

}  // namespace gk::programs
