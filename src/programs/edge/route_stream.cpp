#include "programs/edge/route_stream.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <unistd.h>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "net/json/json.hpp"

namespace gk::programs {
namespace {

namespace asio = boost::asio;

constexpr std::size_t table_size_max = 64 << 20;
constexpr net::JsonLimits table_limits{.depth = 32, .size = table_size_max};
constexpr Milliseconds report_every = std::chrono::seconds(2);
constexpr Milliseconds retry_first{50};
constexpr Milliseconds retry_most{1000};  // A call of a Unix socket costs nothing, and whoever waits to be woken should not.

Result<edge::RouteTable, std::string> read_table(std::string_view line) {
    const auto document = net::parse_json(line, table_limits);
    if (!document) return std::unexpected(document.error().message);
    Errors errors;
    edge::RouteTable table;
    if (decode(*document, "", errors, table)) return table;
    return std::unexpected(fmt::format("{}: {}", errors.list().front().pointer, errors.list().front().detail));
}

std::map<std::string, std::uint64_t> counts_of(const edge::RouteCounts& counts) {
    if (counts.is_stream) {
        const auto& tcp = counts.tcp;
        return {{"accepted", tcp.accepted}, {"refused_full", tcp.refused_full}, {"dropped_waiting", tcp.dropped_waiting},
                {"junk", tcp.junk},         {"answered", tcp.answered},         {"upstream_lost", tcp.upstream_lost}};
    }
    const auto& udp = counts.udp;
    return {{"from_players", udp.from_players},  {"to_players", udp.to_players}, {"ignored", udp.ignored},
            {"answered", udp.answered},          {"unanswered", udp.unanswered}, {"refused_full", udp.refused_full},
            {"upstream_lost", udp.upstream_lost}};
}

}  // namespace

RouteStream::RouteStream(std::string socket, EdgeFolder& folder)
    : socket_(std::move(socket)),
      folder_(folder),
      clock_(loop_.get_executor()),
      tasks_(loop_.get_executor()) {}

void RouteStream::end() {
    if (!thread_.joinable()) return;
    // With its last task the loop has nothing left to do, and its thread ends.
    asio::post(loop_, [this] { tasks_.cancel(); });
    thread_.join();
}

void RouteStream::knocked(edge::WakeCall call) {
    asio::post(loop_, [this, call = std::move(call)]() mutable {
        const front::Knocker knocker{.server = std::move(call.server), .source = call.source, .name = std::move(call.name)};
        if (!knockers_.emplace(knocker.server, knocker).second) return;
        log::info("edge", "a player knocked at a server that sleeps",
                  {{"server", knocker.server}, {"source", knocker.source.text()}, {"name", knocker.name}});
        news_.raise();
    });
}

void RouteStream::begin(edge::Edge& edge, edge::RouteTable table) {
    edge_ = &edge;
    table_ = std::move(table);
    asio::post(loop_, [this] { tasks_.spawn("stream of routes", run()); });
    thread_ = std::thread([this] { loop_.run(); });
}

Task<void> RouteStream::run() {
    // Of an edge that was taken over: it ends in a moment, and until then the folder is its own.
    if (!folder_.lock(true)) log::error("edge", "the folder could not be locked", {});
    auto pause = retry_first;
    for (;;) {
        Socket socket(loop_);
        if (co_await connect(socket)) {
            pause = retry_first;
            log::info("edge", "the control plane was reached", {{"socket", socket_}});
            co_await converse(std::move(socket));
            log::warning("edge", "the control plane is away; routes stay as they are", {{"socket", socket_}});
        }
        co_await clock_.sleep(pause);
        pause = std::min(pause * 2, retry_most);
    }
}

Task<bool> RouteStream::connect(Socket& socket) {
    const asio::local::stream_protocol::endpoint at(socket_);
    const auto [failed] = co_await socket.async_connect(at, asio::as_tuple(asio::use_awaitable));
    co_return !failed;
}

// Until either end has closed it.
Task<void> RouteStream::converse(Socket socket) {
    async::TaskGroup writing(loop_.get_executor());
    writing.spawn("reports", report(socket));
    auto reading = read(socket);
    co_await async::run_with(writing, std::move(reading));
}

Task<void> RouteStream::read(Socket& socket) {
    std::string text;
    for (;;) {
        auto buffer = asio::dynamic_buffer(text, table_size_max);
        const auto [failed, size] = co_await asio::async_read_until(socket, buffer, '\n', asio::as_tuple(asio::use_awaitable));
        if (failed) co_return;
        auto table = read_table(std::string_view(text).substr(0, size - 1));
        if (table) take(std::move(*table));
        else log::error("edge", "new routes were not taken", {{"why", table.error()}});
        text.erase(0, size);
    }
}

// An older control plane, or an older table of the same one, comes too late.
void RouteStream::take(edge::RouteTable table) {
    if (!wake::may_follow(table, table_)) {
        log::warning("edge", "older routes were not taken",
                     {{"epoch", table.epoch}, {"number", table.number}, {"epoch_now", table_.epoch}, {"number_now", table_.number}});
        return news_.raise();
    }
    const bool is_same = std::tie(table.epoch, table.number) == std::tie(table_.epoch, table_.number);
    if (is_same && table.epoch != 0) return news_.raise();
    // A full disk keeps nobody from playing; it is said, and the next table tries again.
    if (const auto kept = folder_.keep(table); !kept) log::error("edge", "routes were not kept", {{"why", kept.error()}});
    table_ = std::move(table);
    wrong_ = edge_->apply(table_);
    for (const auto& complaint : wrong_) log::error("edge", "a route could not be opened", {{"why", complaint}});
    log::info("edge", "routes were taken",
              {{"epoch", table_.epoch}, {"number", table_.number}, {"datagrams", table_.datagrams.size()}, {"streams", table_.streams.size()}});
    forget_woken();
    news_.raise();
}

void RouteStream::forget_woken() {
    std::set<std::string_view> asleep;
    const auto note = [&asleep](const edge::Route& route) {
        if (route.state == edge::RouteState::asleep) asleep.insert(route.server);
    };
    std::ranges::for_each(table_.datagrams, note);
    for (const auto& listener : table_.streams) std::ranges::for_each(listener.routes, note);
    std::erase_if(knockers_, [&asleep](const auto& entry) { return !asleep.contains(entry.first); });
}

front::Report RouteStream::report_now() {
    front::Report report{.epoch = table_.epoch, .number = table_.number, .pid = ::getpid()};
    for (const auto& [server, knocker] : knockers_) report.knockers.push_back(knocker);
    for (const auto& counts : edge_->counts()) {
        report.uses.push_back({.server = counts.server,
                               .listen = counts.listen,
                               .is_stream = counts.is_stream,
                               .sessions = counts.sessions,
                               .held = counts.held,
                               .counts = counts_of(counts)});
    }
    report.wrong = wrong_;
    return report;
}

Task<void> RouteStream::report(Socket& socket) {
    for (;;) {
        const auto line = to_json(document_of(report_now())) + '\n';
        const auto [failed, size] = co_await asio::async_write(socket, asio::buffer(line), asio::as_tuple(asio::use_awaitable));
        if (failed) break;
        auto news = news_.wait();
        co_await async::finishes_by(clock_, clock_.now() + report_every, std::move(news));
    }
    // Whoever reads is to see it too.
    socket.close();
}

}  // namespace gk::programs
