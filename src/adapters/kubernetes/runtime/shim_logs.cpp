#include <algorithm>
#include <utility>

#include "adapters/kubernetes/runtime/shim_links.hpp"

// What is read from shims besides the state of their games.
namespace gk::kubernetes {
namespace {

constexpr double nanoseconds_each_millisecond = 1e6;
constexpr double millis_each_cpu = 1000;
constexpr std::uint64_t mebibyte = 1024 * 1024;

MebiBytes mebibytes(std::uint64_t bytes) { return {static_cast<std::int64_t>((bytes + mebibyte - 1) / mebibyte)}; }

// Thousandths of a processor between two answers; nothing when they lie in different containers.
MilliCpu rate(const wire::shim::PodUse& before, const wire::shim::PodUse& now) {
    const auto passed = (now.at - before.at).count();
    if (passed <= 0 || now.cpu_ns < before.cpu_ns) return {};
    const auto used = static_cast<double>(now.cpu_ns - before.cpu_ns) / nanoseconds_each_millisecond;
    return {static_cast<std::int64_t>(used * millis_each_cpu / static_cast<double>(passed))};
}

}  // namespace

ShimLinks::Answer<std::vector<LogLine>> ShimLinks::logs(ServerUid uid, std::uint64_t cursor, std::size_t lines_max) {
    std::vector<LogLine> all;
    CO_TRY(link, co_await reach(uid));
    while (all.size() < lines_max) {
        auto part = co_await net::shim::logs(link, cursor, lines_max - all.size());
        if (!part) co_return std::unexpected(std::move(part).error());
        if (part->empty()) break;
        cursor = part->back().cursor;
        std::ranges::move(*part, std::back_inserter(all));
    }
    co_return all;
}

ShimLinks::Answer<std::uint64_t> ShimLinks::log_cursor_from_end(ServerUid uid, std::size_t lines) {
    CO_TRY(link, co_await reach(uid));
    co_return co_await net::shim::log_cursor_from_end(link, lines);
}

std::shared_ptr<void> ShimLinks::watch_log(ServerUid uid, std::function<void()> grown) {
    struct Follower {
        Follower(std::map<ServerUid, int>& all, ServerUid of) : followers(all), server(of) { ++followers[server]; }
        Follower(const Follower&) = delete;
        Follower& operator=(const Follower&) = delete;
        ~Follower() {
            if (--followers[server] == 0) followers.erase(server);
        }
        std::map<ServerUid, int>& followers;
        ServerUid server;
        std::shared_ptr<void> watching;
    };
    auto follower = std::make_shared<Follower>(followers_, uid);
    follower->watching = log_watchers_.add([uid, grown = std::move(grown)](ServerUid which) {
        if (which == uid) grown();
    });
    return follower;
}

ShimLinks::Answer<server::Usage> ShimLinks::usage(ServerUid uid) {
    server::Usage usage;
    auto link = co_await reach(uid);
    if (!link && link.error().kind == RuntimeError::Kind::not_found) co_return usage;
    if (!link) co_return std::unexpected(std::move(link).error());
    CO_TRY(now, co_await net::shim::usage(*link));
    const auto known = links_.find(uid);
    if (known != links_.end()) {
        const auto before = std::exchange(known->second.use, now);
        if (before) usage.cpu = rate(*before, now);
    }
    usage.memory = mebibytes(now.memory_bytes);
    usage.disk = mebibytes(now.disk_bytes);
    if (now.disk_bytes_max > 0) usage.disk_size = mebibytes(now.disk_bytes_max);
    co_return usage;
}

}  // namespace gk::kubernetes
