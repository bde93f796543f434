#include <utility>

#include "adapters/kubernetes/runtime/cluster_runtime.hpp"

// Logs of a ClusterRuntime's worlds. They lie on the worlds' disks.
namespace gk::kubernetes {

// No pod is started for this: whoever follows a log asks again and again.
Runtime::Answer<std::vector<LogLine>> ClusterRuntime::logs(ServerUid uid, std::uint64_t cursor, std::size_t lines_max) {
    return links_.logs(uid, cursor, lines_max);
}

// As for files, a pod is started beside the disk, and stopped when nobody wants anything of it any more.
Runtime::Answer<std::uint64_t> ClusterRuntime::log_cursor_from_end(ServerUid uid, std::size_t lines) {
    CO_TRY_OK(co_await open_pod(uid));
    co_return co_await links_.log_cursor_from_end(uid, lines);
}

Result<std::shared_ptr<void>, RuntimeError> ClusterRuntime::watch_log(ServerUid uid, std::function<void()> grown) {
    auto watching = links_.watch_log(uid, std::move(grown));
    // A link that is there already is asked in its next turn, and one that is made later when it is made.
    if (const auto server = view_.place_of(uid)) linking_.add(*server);
    return watching;
}

}  // namespace gk::kubernetes
