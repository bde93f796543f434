#include "programs/edge/edge.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "edge/edge.hpp"
#include "programs/descriptors.hpp"
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

int relay(const EdgeWish& wish, edge::RouteTable table) {
    // Before there are threads, which inherit it: signals are for the one that waits for them.
    sigset_t ours{};
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ours, signal);
    ::pthread_sigmask(SIG_BLOCK, &ours, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    edge::Edge edge(wish.loops == 0 ? std::max(1U, std::thread::hardware_concurrency()) : wish.loops, {}, log_knock);
    if (!apply(edge, table)) return exit_failed;
    fmt::print("ready\n");
    std::fflush(stdout);
    for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
        if (::sigwait(&ours, &signal) == 0 && signal == SIGHUP) read_again(edge, wish.routes, table);
    }
    return exit_ok;
}

}  // namespace

int edge_main(const EdgeWish& wish) {
    auto table = read_routes(wish.routes);
    if (!table) {
        for (const auto& complaint : table.error()) fmt::print(stderr, "gamekeeper: {}\n", complaint);
        return exit_failed;
    }
    raise_descriptor_limit();
    return with_log_to_stderr([&] { return relay(wish, std::move(*table)); });
}

}  // namespace gk::programs
