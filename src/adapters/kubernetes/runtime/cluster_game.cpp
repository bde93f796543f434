#include "adapters/kubernetes/runtime/cluster_runtime.hpp"
#include "net/shim/game_files.hpp"

// How what was fetched for a game reaches its pod (docs/adr/0022).
namespace gk::kubernetes {

// The folders are those of this machine; in the pod each lies below game_path, where the launch says.
Runtime::Answer<Success> ClusterRuntime::bring_game(ServerUid uid, std::vector<server::ReadOnlyMount> folders) {
    for (auto& folder : folders) {
        auto place = co_await files_of(uid);
        if (!place) co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, place.error().detail});
        CO_TRY_OK(co_await net::shim::bring_game_files(clock_, std::move(*place), disk_, std::move(folder.source)));
    }
    co_return Success{};
}

}  // namespace gk::kubernetes
