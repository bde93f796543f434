#include "programs/cli/place.hpp"

#include <fstream>

#include <fmt/format.h>

#include "base/text.hpp"
#include "net/http_client/client.hpp"
#include "programs/cluster/token.hpp"
#include "programs/config/usual_places.hpp"

namespace gk::programs {
namespace {

Secret key_in(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return Secret(std::string(trimmed(line)));
}

bool is_heard_by_nobody(const ApiPlace& place) {
    if (!place.socket.empty()) return true;
    const auto remote = net::parse_remote(place.url);
    return remote && (remote->is_tls || remote->host == "localhost" || remote->host == "::1" || remote->host.starts_with("127."));
}

Result<Secret, CommandError> token_for(const ApiPlace& place, const kubernetes::TargetOptions& cluster) {
    const auto wrong = [](std::string message) { return std::unexpected(CommandError{.exit = exit_usage, .message = std::move(message)}); };
    if (!is_heard_by_nobody(place))
        return wrong(fmt::format(
            "a token of the cluster is not sent to {} in the clear; give an https URL, or one of this machine (kubectl port-forward)", place.url));
    auto token = token_of_cluster(cluster);
    if (!token) return wrong(std::move(token.error()));
    return std::move(*token);
}

}  // namespace

Result<ApiPlace, CommandError> find_api(const PlaceWish& wish) {
    if (!wish.socket.empty() && !wish.url.empty()) {
        return std::unexpected(CommandError{.exit = exit_usage, .message = "say either --socket or --url, not both"});
    }
    ApiPlace place;
    place.key = Secret(!wish.key.empty() ? wish.key : environment("GK_KEY"));
    const kubernetes::TargetOptions cluster{.kubeconfig = !wish.kubeconfig.empty() ? wish.kubeconfig : environment("GK_KUBECONFIG"),
                                            .context = !wish.context.empty() ? wish.context : environment("GK_CONTEXT")};
    const bool by_cluster = wish.key.empty() && !(cluster.kubeconfig.empty() && cluster.context.empty());
    const auto state = !wish.state.empty() ? wish.state : environment("GK_STATE");
    if (!wish.socket.empty()) {
        place.socket = wish.socket;
    } else if (const auto url = !wish.url.empty() ? wish.url : environment("GK_URL"); !url.empty()) {
        place.url = url;
        place.authorities = !wish.authorities.empty() ? wish.authorities : environment("GK_CA");
        if (place.key.empty() && !by_cluster) place.key = key_in((state.empty() ? default_state() : state) + "/admin.key");
    } else {
        place.socket = default_socket(state);
    }
    if (!by_cluster) return place;
    TRY(token, token_for(place, cluster));
    place.key = std::move(token);
    return place;
}

}  // namespace gk::programs
