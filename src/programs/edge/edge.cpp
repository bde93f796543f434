#include "programs/edge/edge.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.hpp"
#include "edge/edge.hpp"
#include "edge/hand_over.hpp"
#include "programs/descriptors.hpp"
#include "programs/edge/edge_keys.hpp"
#include "programs/edge/kept_table.hpp"
#include "programs/edge/route_stream.hpp"
#include "programs/exit_code.hpp"
#include "programs/log_to_stderr.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::programs {
namespace {

using Complaints = std::vector<std::string>;

constexpr wire::YamlLimits file_limits{.size_max_bytes = 8 << 20, .depth_max = 32};

// What is wrong is said as FILE:LINE: WHERE: WHAT.
Result<edge::RouteTable, Complaints> read_routes(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) return std::unexpected(Complaints{fmt::format("{}: the file cannot be read", file)});
    const auto document = wire::parse_yaml(text, file_limits);
    if (!document) return std::unexpected(Complaints{fmt::format("{}:{}: {}", file, document.error().line, document.error().message)});
    Errors errors;
    edge::RouteTable table;
    if (decode(*document, "", errors, table)) return table;
    Complaints complaints;
    for (const auto& error : errors.list()) complaints.push_back(fmt::format("{}:{}: {}: {}", file, error.mark.line, error.pointer, error.detail));
    return std::unexpected(std::move(complaints));
}

void log_knock(const edge::WakeCall& call) {
    log::info("edge", "a player knocked at a server that sleeps", {{"server", call.server}, {"source", call.source.text()}, {"name", call.name}});
}

// Says what cannot be; true when all of it can.
bool apply(edge::Edge& edge, const edge::RouteTable& table) {
    const auto wrong = edge.apply(table);
    for (const auto& complaint : wrong) log::error("edge", "a route could not be opened", {{"why", complaint}});
    log::info("edge", "routes were taken", {{"datagrams", table.datagrams.size()}, {"streams", table.streams.size()}, {"failed", wrong.size()}});
    return wrong.empty();
}

// What cannot be taken leaves `now` as it is.
void read_again(edge::Edge& edge, const std::string& file, edge::RouteTable& now) {
    auto table = read_routes(file);
    if (table && !wake::may_follow(*table, now)) {
        table = std::unexpected(Complaints{fmt::format("{}: epoch {}, number {} is older than what is there: epoch {}, number {}", file, table->epoch,
                                                       table->number, now.epoch, now.number)});
    }
    if (table) {
        now = std::move(*table);
        apply(edge, now);
        return;
    }
    for (const auto& complaint : table.error()) log::error("edge", "new routes were not taken", {{"why", complaint}});
}

sigset_t our_signals() {
    sigset_t ours{};
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ours, signal);
    return ours;
}

std::size_t sessions_of(edge::Edge& edge) {
    std::size_t sum = 0;
    for (const auto& counts : edge.counts()) sum += counts.sessions;
    return sum;
}

// Until all players have left, or a second signal comes.
void drain(edge::Edge& edge, Milliseconds most) {
    if (most.count() == 0) return;
    edge.drain();
    log::info("edge", "nobody new is let in", {{"sessions", sessions_of(edge)}, {"most", duration_text(most)}});
    const auto ours = our_signals();
    constexpr timespec look_again{.tv_sec = 0, .tv_nsec = 200'000'000};
    for (const auto until = edge::monotonic_now() + most; edge::monotonic_now() < until && sessions_of(edge) > 0;) {
        const int signal = ::sigtimedwait(&ours, nullptr, &look_again);
        if (signal == SIGTERM || signal == SIGINT) break;
    }
    log::info("edge", "the edge ended", {{"sessions", sessions_of(edge)}});
}

// Of this process, for the thread that waits for signals.
void end_ourselves() { ::kill(::getpid(), SIGTERM); }

Result<std::unique_ptr<edge::Edge>, std::string> make_edge(const EdgeWish& wish, const edge::Shard::Wake& wake) {
    if (!wish.takes_over) {
        const auto loops = wish.loops == 0 ? std::max(1U, std::thread::hardware_concurrency()) : wish.loops;
        return std::make_unique<edge::Edge>(loops, edge::Limits(), wake);
    }
    TRY(left, edge::take_over(wish.control));
    return std::make_unique<edge::Edge>(std::move(left), edge::Limits(), wake);
}

// With a stream the table is only where it begins; without one it is that of the file.
int relay(const EdgeWish& wish, edge::RouteTable table, RouteStream* stream) {
    // Before there are threads, which inherit it: signals are for the one that waits for them.
    const auto ours = our_signals();
    ::pthread_sigmask(SIG_BLOCK, &ours, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    edge::Shard::Wake wake = log_knock;
    if (stream != nullptr) wake = [stream](edge::WakeCall call) { stream->knocked(std::move(call)); };
    auto edge = make_edge(wish, wake);
    if (!edge) {
        log::error("edge", "nothing was taken over", {{"why", edge.error()}});
        return exit_failed;
    }
    // Whoever has taken over has players to care for, whatever else fails.
    if (!apply(**edge, stream == nullptr ? table : stream->shown(table)) && !wish.takes_over && stream == nullptr) return exit_failed;
    std::atomic<bool> was_given = false;
    std::unique_ptr<edge::HandOver> hand_over;
    if (!wish.control.empty()) {
        auto opened = edge::HandOver::open(
            wish.control, **edge,
            [&was_given] {
                was_given = true;
                end_ourselves();
            },
            wish.takes_over);
        if (!opened) log::error("edge", "nobody can take over from this edge", {{"why", opened.error()}});
        if (!opened && !wish.takes_over) return exit_failed;
        if (opened) hand_over = std::move(*opened);
    }
    fmt::print("ready\n");
    std::fflush(stdout);
    if (stream != nullptr) stream->begin(**edge, table);
    int signal = 0;
    while (signal != SIGTERM && signal != SIGINT) {
        if (::sigwait(&ours, &signal) == 0 && signal == SIGHUP && stream == nullptr) read_again(**edge, wish.routes, table);
    }
    if (signal == SIGTERM && !was_given) drain(**edge, wish.drain);
    if (stream != nullptr) stream->end();
    return exit_ok;
}

Result<ControlPlanePlace, std::string> place_of(const EdgeWish& wish) {
    constexpr std::string_view scheme = "tls://";
    if (!wish.connect.starts_with(scheme)) {
        TRY(remote, net::parse_remote("unix:" + wish.connect));
        return ControlPlanePlace{.remote = std::move(remote)};
    }
    auto remote = net::parse_remote("https://" + wish.connect.substr(scheme.size()));
    if (!remote) return std::unexpected(fmt::format("--connect {}: write tls://HOST:PORT", wish.connect));
    remote->tls_name = control_plane_name;
    return ControlPlanePlace{.remote = std::move(*remote), .certificate = wish.certificate, .key = wish.key, .authority = wish.authority};
}

// Begins with the table that was kept: players do not wait for a control plane.
int follow_stream(const EdgeWish& wish) {
    auto place = place_of(wish);
    if (!place) {
        log::error("edge", "there is no such place of a control plane", {{"why", place.error()}});
        return exit_failed;
    }
    auto folder = EdgeFolder::open(wish.folder);
    if (!folder) {
        log::error("edge", "the edge has no folder", {{"why", folder.error()}});
        return exit_failed;
    }
    if (!wish.takes_over && !folder->lock(false)) {
        log::error("edge", "another edge is at work here", {{"folder", wish.folder}});
        return exit_failed;
    }
    auto kept = folder->table();
    if (!kept) log::error("edge", "the kept routes cannot be used; the control plane will say them again", {{"why", kept.error()}});
    RouteStream stream(std::move(*place), *folder);
    return relay(wish, kept && *kept ? std::move(**kept) : edge::RouteTable(), &stream);
}

}  // namespace

int edge_main(const EdgeWish& wish) {
    if (!wish.connect.empty()) {
        raise_descriptor_limit();
        return with_log_to_stderr([&] { return follow_stream(wish); });
    }
    auto table = read_routes(wish.routes);
    if (!table) {
        for (const auto& complaint : table.error()) fmt::print(stderr, "gamekeeper: {}\n", complaint);
        return exit_failed;
    }
    raise_descriptor_limit();
    return with_log_to_stderr([&] { return relay(wish, std::move(*table), nullptr); });
}

}  // namespace gk::programs
