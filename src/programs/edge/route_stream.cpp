#include "programs/edge/route_stream.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <string_view>
#include <tuple>
#include <unistd.h>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "domain/wake/trace.hpp"
#include "edge/loop.hpp"
#include "net/http/line_reader.hpp"
#include "net/json/json.hpp"
#include "programs/edge/edge_keys.hpp"
#include "programs/edge/own_log.hpp"

namespace gk::programs {
namespace {

namespace asio = boost::asio;

constexpr std::size_t table_size_max = 64 << 20;
constexpr net::JsonLimits table_limits{.depth = 32, .size = table_size_max};
constexpr Milliseconds report_every = std::chrono::seconds(2);
constexpr Milliseconds log_look_every = std::chrono::seconds(10);
constexpr Milliseconds retry_first{50};
constexpr Milliseconds connect_most = std::chrono::seconds(10);
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

RouteStream::RouteStream(ControlPlanePlace place, EdgeFolder& folder)
    : place_(std::move(place)),
      folder_(folder),
      clock_(loop_.get_executor()),
      faces_(loop_.get_executor(), clock_, folder),
      tasks_(loop_.get_executor()) {}

void RouteStream::end() {
    if (!thread_.joinable()) return;
    // With its last task the loop has nothing left to do, and its thread ends.
    asio::post(loop_, [this] { tasks_.cancel(); });
    thread_.join();
}

void RouteStream::knocked(edge::WakeCall call) {
    asio::post(loop_, [this, call = std::move(call)]() mutable {
        if (knockers_.contains(call.server)) return;
        std::array<std::byte, sizeof(std::uint32_t)> chance{};
        random_.fill(chance);
        const front::Knocker knocker{.server = std::move(call.server),
                                     .source = call.source,
                                     .name = std::move(call.name),
                                     .trace = wake::trace_of(clock_.now(), std::bit_cast<std::uint32_t>(chance))};
        knockers_.emplace(knocker.server, knocker);
        wakes_.insert_or_assign(knocker.server, Wake{.trace = knocker.trace, .relayed = {}});
        log::info("edge", "a player knocked at a server that sleeps",
                  {{"server", knocker.server}, {"source", knocker.source.text()}, {"name", knocker.name}, {"trace", knocker.trace}});
        news_.raise();
    });
}

void RouteStream::begin(edge::Edge& edge, edge::RouteTable table) {
    edge_ = &edge;
    table_ = std::move(table);
    asio::post(loop_, [this] {
        tasks_.spawn("stream of routes", run());
        tasks_.spawn("log", keep_log_small());
        faces_.follow(table_);
        tasks_.spawn("faces", faces_.run([this] { relay_by_table(); }));
    });
    thread_ = std::thread([this] { loop_.run(); });
}

Task<void> RouteStream::keep_log_small() {
    for (;;) {
        if (rotate_own_log(STDERR_FILENO, folder_.log_file()))
            log::info("edge", "the log goes on in a new file", {{"before", folder_.log_file() + ".1"}});
        co_await clock_.sleep(log_look_every);
    }
}

Task<void> RouteStream::run() {
    // Of an edge that was taken over: it ends in a moment, and until then the folder is its own.
    if (!folder_.lock(true)) log::error("edge", "the folder could not be locked", {});
    auto pause = retry_first;
    for (;;) {
        const auto transport = co_await connect();
        if (transport) {
            pause = retry_first;
            explained_.clear();
            log::info("edge", "the control plane was reached", {{"at", place_.remote.text()}});
            co_await converse(**transport);
            log::warning("edge", "the control plane is away; routes stay as they are", {{"at", place_.remote.text()}});
        } else {
            explain(transport.error());
        }
        co_await clock_.sleep(pause);
        pause = std::min(pause * 2, retry_most);
    }
}

Task<RouteStream::Connected> RouteStream::connect() {
    auto connected = co_await async::with_deadline(clock_, clock_.now() + connect_most, try_to_connect());
    if (connected) co_return std::move(*connected);
    co_return std::unexpected(net::NetError{net::NetError::Kind::timed_out, fmt::format("{} does not answer", place_.remote.text())});
}

Task<RouteStream::Connected> RouteStream::try_to_connect() {
    std::optional<tls::Context> secured;
    if (place_.remote.is_tls) {
        auto context = client_context(place_.certificate, place_.key, place_.authority);
        if (!context) co_return std::unexpected(net::NetError{net::NetError::Kind::invalid, std::move(context).error()});
        secured = std::move(*context);
    }
    co_return co_await net::connect(loop_.get_executor(), place_.remote, std::move(secured));
}

// Each reason once: it is tried every second.
void RouteStream::explain(const net::NetError& error) {
    if (std::exchange(explained_, error.detail) == error.detail) return;
    log::warning("edge", "the control plane cannot be reached; routes stay as they are", {{"why", error.detail}});
}

// Until either end has closed it.
Task<void> RouteStream::converse(net::Transport& transport) {
    async::TaskGroup writing(loop_.get_executor());
    writing.spawn("reports", report(transport));
    auto reading = read(transport);
    co_await async::run_with(writing, std::move(reading));
}

Task<void> RouteStream::read(net::Transport& transport) {
    net::LineReader lines(transport, table_size_max);
    for (;;) {
        const auto line = co_await lines.next();
        if (!line) co_return;
        auto table = read_table(*line);
        if (table) take(std::move(*table));
        else log::error("edge", "new routes were not taken", {{"why", table.error()}});
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
    faces_.follow(table_);
    relay_by_table();
    for (const auto& complaint : wrong_) log::error("edge", "a route could not be opened", {{"why", complaint}});
    log::info("edge", "routes were taken",
              {{"epoch", table_.epoch}, {"number", table_.number}, {"datagrams", table_.datagrams.size()}, {"streams", table_.streams.size()}});
    forget_woken();
    news_.raise();
}

void RouteStream::relay_by_table() { wrong_ = edge_->apply(shown(table_)); }

void RouteStream::forget_woken() {
    std::set<std::string_view> known;
    std::set<std::string_view> asleep;
    const auto note = [&](const edge::Route& route) {
        known.insert(route.server);
        if (route.state == edge::RouteState::asleep) asleep.insert(route.server);
    };
    std::ranges::for_each(table_.datagrams, note);
    for (const auto& listener : table_.streams) std::ranges::for_each(listener.routes, note);
    std::erase_if(knockers_, [&asleep](const auto& entry) { return !asleep.contains(entry.first); });
    std::erase_if(wakes_, [&known](const auto& entry) { return !known.contains(entry.first); });
}

void RouteStream::look_for_relayed() {
    const auto waits = [](const auto& entry) { return !entry.second.relayed; };
    if (std::ranges::none_of(wakes_, waits)) return;
    const auto first = edge_->first_relayed();
    const auto now = edge::monotonic_now();
    for (auto& [server, wake] : wakes_) {
        const auto found = first.find(server);
        if (wake.relayed || found == first.end()) continue;
        const auto at = clock_.now() - (now - found->second);
        // What was relayed before this knock belongs to another wake.
        if (at < wake::time_of_trace(wake.trace)) continue;
        wake.relayed = at;
        log::info("edge", "what a player said was passed on to the server that he woke",
                  {{"server", server}, {"trace", wake.trace}, {"at", rfc3339(at)}});
    }
}

front::Report RouteStream::report_now() {
    front::Report report{.epoch = table_.epoch, .number = table_.number, .pid = ::getpid()};
    for (const auto& [server, knocker] : knockers_) report.knockers.push_back(knocker);
    look_for_relayed();
    for (const auto& [server, wake] : wakes_) {
        if (wake.relayed) report.relayed.push_back({.server = server, .trace = wake.trace, .at = *wake.relayed});
    }
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

Task<void> RouteStream::report(net::Transport& transport) {
    for (;;) {
        const auto line = to_json(document_of(report_now())) + '\n';
        if (co_await transport.write_all(line)) break;
        auto news = news_.wait();
        co_await async::finishes_by(clock_, clock_.now() + report_every, std::move(news));
    }
    // Whoever reads is to see it too.
    transport.close();
}

}  // namespace gk::programs
