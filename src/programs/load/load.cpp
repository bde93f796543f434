#include "programs/load/load.hpp"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <tuple>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "async/run.hpp"
#include "programs/descriptors.hpp"
#include "programs/exit_code.hpp"
#include "programs/load/report.hpp"

namespace gk::programs {
namespace {

constexpr Milliseconds terminal_pause(200);
constexpr Milliseconds line_pause = std::chrono::seconds(5);
constexpr std::size_t other_descriptors = 64;

int refuse(const std::string& why) {
    fmt::print(stderr, "gamekeeper: {}\n", why);
    return exit_usage;
}

Result<std::optional<tls::Context>, std::string> trust_for(const LoadOptions& options, const std::string& authorities) {
    if (!options.target.is_tls) return std::nullopt;
    tls::ClientTrust trust;
    if (!authorities.empty()) {
        std::ifstream in(authorities, std::ios::binary);
        if (!in) return std::unexpected(fmt::format("--ca: {} cannot be read", authorities));
        trust.authorities.assign(std::istreambuf_iterator<char>(in), {});
    }
    auto context = tls::Context::for_client(trust);
    if (!context) return std::unexpected(fmt::format("--ca {}: {}", authorities, context.error()));
    return std::optional(std::move(*context));
}

// Every client has a connection to its match server, besides those to the front.
Result<Success, std::string> check_descriptors(const LoadOptions& options) {
    raise_descriptor_limit();
    rlimit limit{};
    const auto needed = options.clients + options.connections + other_descriptors;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return Success{};
    return std::unexpected(
        fmt::format("{} clients and {} connections need {} file descriptors, and this process may have {}: raise the limit "
                    "(ulimit -n) or take fewer",
                    options.clients, options.connections, needed, limit.rlim_cur));
}

class Progress {
public:
    Progress(const LoadOptions& options, Clock& clock, const Tally& tally)
        : planned_(options.clients * options.rounds),
          clock_(clock),
          tally_(tally),
          begun_at_(clock.now()),
          is_terminal_(isatty(STDERR_FILENO) == 1) {}

    Task<void> show_again_and_again() {
        for (;;) {
            co_await clock_.sleep(is_terminal_ ? terminal_pause : line_pause);
            fmt::print(stderr, "{}{}{}", is_terminal_ ? "\r\x1b[K" : "", load_progress(tally_, planned_, took()), is_terminal_ ? "" : "\n");
            std::fflush(stderr);
        }
    }
    void finish() const {
        if (is_terminal_) fmt::print(stderr, "\r\x1b[K");
    }
    Milliseconds took() const { return clock_.now() - begun_at_; }

private:
    std::size_t planned_;
    Clock& clock_;
    const Tally& tally_;
    Time begun_at_;
    bool is_terminal_;
};

// Ctrl-C ends the run; what happened until then is reported.
Task<void> end_on_signal(boost::asio::signal_set& signals, async::TaskGroup& run) {
    boost::system::error_code error;
    std::ignore = co_await signals.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (!error) run.cancel();
}

Task<void> run_to_its_end(boost::asio::io_context& loop, Task<void> load, Progress& progress, bool shows) {
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
    async::TaskGroup running(loop.get_executor());
    async::TaskGroup beside(loop.get_executor());
    running.spawn("load", std::move(load));
    beside.spawn("signals", end_on_signal(signals, running));
    if (shows) beside.spawn("progress", progress.show_again_and_again());
    auto ending = running.join();
    co_await async::run_with(beside, std::move(ending));
    if (shows) progress.finish();
}

bool all_kept(const std::vector<LoadVerdict>& verdicts) {
    for (const auto& verdict : verdicts) {
        if (!verdict.kept) return false;
    }
    return true;
}

}  // namespace

int load_main(const LoadWish& wish, const LoadView& view) {
    const auto options = load_options(wish);
    if (!options) return refuse(options.error());
    auto secured = trust_for(*options, view.authorities);
    if (!secured) return refuse(secured.error());
    if (const auto enough = check_descriptors(*options); !enough) return refuse(enough.error());
    std::signal(SIGPIPE, SIG_IGN);
    boost::asio::io_context loop(1);
    system::SystemClock clock(loop.get_executor());
    system::SystemRandom random;
    Tally tally;
    Progress progress(*options, clock, tally);
    auto load = run_load(*options, clock, random, std::move(*secured), tally);
    async::run_until_done(loop, run_to_its_end(loop, std::move(load), progress, !view.json && !options->verbose));
    const auto took = progress.took();
    const auto verdicts = load_verdicts(tally, options->limits);
    if (view.json) fmt::print("{}\n", to_json(load_document(tally, verdicts, took)));
    else fmt::print("{}", load_table(tally, verdicts, took));
    return all_kept(verdicts) ? exit_ok : exit_failed;
}

}  // namespace gk::programs
