#include "programs/serve/edge_process.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "adapters/process/child.hpp"
#include "async/deadline.hpp"
#include "base/log.hpp"

namespace gk::programs {
namespace {

namespace asio = boost::asio;

// Nobody tells us when one edge takes over from another.
constexpr Milliseconds look_every = std::chrono::seconds(5);
constexpr Milliseconds pause_first{50};
constexpr Milliseconds pause_most = std::chrono::seconds(10);
constexpr Milliseconds long_life = std::chrono::seconds(10);

}  // namespace

Task<void> EdgeProcess::run() {
    for (auto pause = pause_first;;) {
        if (folder_.is_taken()) {
            co_await holder_ended();
            continue;
        }
        const auto begun = clock_.now();
        co_await run_one();
        if (folder_.is_taken()) continue;
        pause = clock_.now() - begun >= long_life ? pause_first : std::min(pause * 2, pause_most);
        co_await clock_.sleep(pause);
    }
}

Task<void> EdgeProcess::run_one() {
    if (options_.starter) {
        const auto started = co_await options_.starter(options_.loops);
        if (started) log::info("edge", "an edge was started", {});
        else log::error("edge", "no edge could be started", {{"why", started.error().detail}});
        co_return;
    }
    const auto child = start();
    if (!child) {
        log::error("edge", "no edge could be started", {{"why", child.error()}});
        co_return;
    }
    log::info("edge", "an edge was started", {{"pid", *child}});
    co_await ended(*child);
    log::warning("edge", "the edge ended", {{"pid", *child}});
}

Result<pid_t, std::string> EdgeProcess::start() const {
    const auto file = options_.folder + "/edge.log";
    const Descriptor log(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!log) return std::unexpected(fmt::format("{} cannot be opened: {}", file, std::strerror(errno)));
    process::Start how;
    how.program = options_.program;
    how.argv = {options_.program, "edge", "--connect", options_.socket, "--state", options_.folder};
    if (options_.loops != 0) how.argv.insert(how.argv.end(), {"--loops", std::to_string(options_.loops)});
    how.directory = "/";
    how.errors = log.get();
    how.own_session = true;
    const auto child = process::start(how);
    if (!child) return std::unexpected(child.error().detail);
    return *child;
}

// Of the edge that has the folder, whoever has started it.
Task<void> EdgeProcess::holder_ended() {
    const auto holder = folder_.holder();
    const int fd = holder ? static_cast<int>(::syscall(SYS_pidfd_open, *holder, 0)) : -1;
    if (fd < 0) {  // It is about to end, or has not said yet who it is.
        co_await clock_.sleep(pause_first);
        co_return;
    }
    asio::posix::stream_descriptor end(executor_, fd);
    auto over = [](asio::posix::stream_descriptor& of) -> Task<void> {
        std::ignore = co_await of.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
    }(end);
    co_await async::finishes_by(clock_, clock_.now() + look_every, std::move(over));
}

// Takes the exit of a child of ours, so that it does not stay as a zombie.
Task<void> EdgeProcess::ended(pid_t child) {
    asio::posix::stream_descriptor end(executor_, static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    std::ignore = co_await end.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
    ::waitpid(child, nullptr, WNOHANG);
}

}  // namespace gk::programs
