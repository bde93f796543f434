#include "programs/cli/place.hpp"

#include <fstream>

#include "base/text.hpp"
#include "programs/config/usual_places.hpp"

namespace gk::programs {
namespace {

Secret key_in(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return Secret(std::string(trimmed(line)));
}

}  // namespace

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
