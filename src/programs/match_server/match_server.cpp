#include "programs/match_server/match_server.hpp"

#include <csignal>
#include <cstdio>
#include <tuple>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "adapters/system/clock.hpp"
#include "async/run.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "base/log.hpp"
#include "programs/descriptors.hpp"
#include "programs/exit_code.hpp"
#include "programs/log_to_stderr.hpp"
#include "programs/match_server/server.hpp"

namespace gk::programs {
namespace {

using Input = boost::asio::posix::stream_descriptor;

constexpr std::size_t line_max = 64 * 1024;

Task<void> stop_on_signal(boost::asio::signal_set& signals, MatchServer& server, Input& input) {
    boost::system::error_code error;
    std::ignore = co_await signals.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error) co_return;
    server.stop();
    input.cancel(error);
}

// What the input says, until it ends or a signal ends it.
Task<void> hear_of_match(MatchServer& server, Input& input, async::Signal& heard) {
    std::string text;
    for (;;) {
        boost::system::error_code error;
        auto buffer = boost::asio::dynamic_buffer(text, line_max);
        const auto size = co_await boost::asio::async_read_until(input, buffer, '\n', boost::asio::redirect_error(boost::asio::use_awaitable, error));
        if (error) break;
        const auto taken = server.take_match(std::string_view(text).substr(0, size));
        if (taken) heard.raise();
        else log::warning("match-server", "a line of the input was passed over", {{"why", taken.error()}});
        text.erase(0, size);
    }
    heard.raise();
}

Task<void> serve_until_over(MatchServer& server, async::Signal& heard) {
    if (!server.has_match()) co_await heard.wait();
    if (server.has_match()) std::ignore = co_await server.run();
}

Task<void> serve_matches(boost::asio::io_context& loop, MatchServer& server) {
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
    Input input(loop, dup(STDIN_FILENO));
    async::Signal heard;
    async::TaskGroup listening(loop.get_executor());
    listening.spawn("signals", stop_on_signal(signals, server, input));
    listening.spawn("input", hear_of_match(server, input, heard));
    auto body = serve_until_over(server, heard);
    co_await async::run_with(listening, std::move(body));
}

int run_match_server(const MatchServerOptions& options) {
    boost::asio::io_context loop(1);
    system::SystemClock clock(loop.get_executor());
    MatchServer server(loop.get_executor(), clock, options);
    const auto at = server.listen();
    if (!at) {
        fmt::print(stderr, "gamekeeper: {}\n", at.error().detail);
        return exit_failed;
    }
    fmt::print("ready on {}\n", at->text());
    std::fflush(stdout);
    async::run_until_done(loop, serve_matches(loop, server));
    return exit_ok;
}

}  // namespace

int match_server_main(const MatchServerWish& wish) {
    const auto options = match_server_options(wish);
    if (!options) {
        fmt::print(stderr, "gamekeeper: {}\n", options.error());
        return exit_usage;
    }
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    return with_log_to_stderr([&] { return run_match_server(*options); });
}

}  // namespace gk::programs
