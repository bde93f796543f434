#include "app/edge/edge_desk.hpp"

#include <algorithm>
#include <utility>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "domain/front/knock.hpp"
#include "domain/front/learned_starts.hpp"
#include "domain/server/request.hpp"

namespace gk::app {
namespace {

// Times until a server is ready go on without anybody's word, and so do days within which knocks are counted.
constexpr Milliseconds look_every = front::ready_in_step;
// So long players are told that it cannot be started; then a knock tries again.
constexpr Milliseconds refusal_lasts = std::chrono::seconds(30);

// How much of what comes to an address of streams is for this server.
enum class Share : std::uint8_t { none, some, whole };
Share share_of(const wake::RouteTable& table, const wake::Endpoint& listen, const std::string& server) {
    const auto at = std::ranges::find(table.streams, listen, &wake::Listener::listen);
    if (at == table.streams.end() || std::ranges::find(at->routes, server, &wake::Route::server) == at->routes.end()) return Share::none;
    return at->routes.size() == 1 ? Share::whole : Share::some;
}

}  // namespace

EdgeDesk::EdgeDesk(Ports ports, Start start, front::RoutingRules rules, wake::NoiseRule noise)
    : ports_(std::move(ports)),
      start_(std::move(start)),
      rules_(std::move(rules)),
      noise_(noise) {}

Task<void> EdgeDesk::run() {
    if (ports_.bans != nullptr) ports_.bans->on_change([this] { changed_.raise(); });
    const auto records = ports_.store.watch([this](ServerUid) { changed_.raise(); });
    const auto edges = ports_.line.listen([this](std::uint64_t edge, const front::Report* report) { hear(edge, report); });
    for (;;) {
        co_await look();
        const auto knockers = std::exchange(knockers_, {});
        for (const auto& [server, knocker] : knockers) co_await answer(knocker);
        auto changed = changed_.wait();
        co_await async::finishes_by(ports_.clock, ports_.clock.now() + look_every, std::move(changed));
    }
}

void EdgeDesk::hear(std::uint64_t edge, const front::Report* report) {
    if (report == nullptr) {
        edges_.erase(edge);
        gates_.erase(edge);
        return;
    }
    for (const auto& knocker : report->knockers) knockers_.emplace(knocker.server, knocker);
    const bool somebody_knocks = !report->knockers.empty();
    measure(gates_[edge], *report);
    edges_.insert_or_assign(edge, *report);
    if (somebody_knocks) changed_.raise();
}

void EdgeDesk::measure(Gates& gates, const front::Report& report) const {
    const auto is_gone = [&](const auto& entry) {
        return std::ranges::none_of(report.uses, [&](const auto& use) { return !use.is_stream && use.listen == entry.first; });
    };
    std::erase_if(gates, is_gone);
    for (const auto& use : report.uses) {
        const auto datagrams = use.counts.find("from_players");
        if (use.is_stream || datagrams == use.counts.end()) continue;
        gates[use.listen].heard(ports_.clock.now(), use.sessions, datagrams->second, noise_);
    }
}

// Streams are no noise: whoever holds one open has said that he is there.
std::uint64_t EdgeDesk::players_of(std::uint64_t edge, const front::RouteUse& use) const {
    const auto gates = gates_.find(edge);
    if (use.is_stream || gates == gates_.end()) return use.sessions;
    const auto gate = gates->second.find(use.listen);
    return gate == gates->second.end() ? use.sessions : gate->second.players(noise_);
}

bool EdgeDesk::is_refused(const std::string& server) const {
    const auto found = refused_.find(server);
    return found != refused_.end() && found->second > ports_.clock.now();
}

Task<void> EdgeDesk::look() {
    auto records = co_await ports_.store.list();
    if (!records) {
        log::warning("edge", "servers could not be read", {{"detail", records.error().detail}});
        co_return;
    }
    std::erase_if(refused_, [now = ports_.clock.now()](const auto& entry) { return entry.second <= now; });
    const front::LearnedStarts learned(*records);
    std::vector<front::World> worlds;
    for (const auto& record : *records) {
        worlds.push_back({.record = &record,
                          .game = ports_.games.game(record.game),
                          .takes = learned.of(record),
                          .is_refused = is_refused(front::route_name(record)),
                          .host = ports_.host(record)});
    }
    auto table = front::routes_of(worlds, rules_, ports_.clock.now());
    if (ports_.bans != nullptr) {
        auto bans = ports_.bans->all();
        if (!bans) log::error("edge", "bans could not be read; those that the edges know stay", {{"why", bans.error().detail}});
        table.bans = bans ? std::move(*bans) : table_.bans;
    }
    publish(std::move(table));
}

void EdgeDesk::publish(wake::RouteTable table) {
    auto document = document_of(table);
    if (published_ && *published_ == document) return;
    published_ = std::move(document);
    table.epoch = std::to_underlying(ports_.tenure.epoch());
    table.number = ++number_;
    // Seconds, so that it grows also over our own end; more of them when tables follow each other faster.
    serial_ = std::max(serial_ + 1, static_cast<std::uint32_t>(ports_.clock.now().time_since_epoch() / std::chrono::seconds(1)));
    for (auto& zone : table.zones) zone.serial = serial_;
    table_ = table;
    ports_.line.publish(std::move(table));
}

Task<void> EdgeDesk::answer(front::Knocker knocker) {
    if (is_refused(knocker.server)) co_return;
    auto place = front::place_of(knocker.server);
    auto record = co_await ports_.store.find(std::move(place.first), std::move(place.second));
    if (!record) co_return;  // Gone since: the next table says so.
    switch (front::judge_knock(*record, ports_.clock.now())) {
    case front::KnockVerdict::not_asleep:
    case front::KnockVerdict::refused:
    case front::KnockVerdict::too_early: co_return;
    case front::KnockVerdict::start: co_await start(std::move(*record), std::move(knocker));
    }
}

Task<void> EdgeDesk::start(server::Record record, front::Knocker knocker) {
    server::Cause cause{
        .kind = server::Cause::Kind::knock, .player = std::move(knocker.name), .source = knocker.source.text(), .trace = knocker.trace};
    const auto uid = record.uid;
    const auto started = co_await start_(std::move(record), std::move(cause));
    if (started) {
        log::info("edge", "a knock started a server", {{"server", uid}, {"source", knocker.source.text()}, {"trace", knocker.trace}});
        co_return;
    }
    log::warning("edge", "a knock could not start a server", {{"server", uid}, {"why", started.error().message}, {"trace", knocker.trace}});
    refused_[knocker.server] = ports_.clock.now() + refusal_lasts;
    changed_.raise();
}

std::optional<Time> EdgeDesk::relayed_at(std::string_view trace) const {
    std::optional<Time> first;
    for (const auto& [edge, report] : edges_) {
        for (const auto& relayed : report.relayed) {
            if (relayed.trace == trace) first = first ? std::min(*first, relayed.at) : relayed.at;
        }
    }
    return first;
}

std::optional<int> EdgeDesk::sessions_of(const server::Record& record) const {
    const auto name = front::route_name(record);
    std::optional<int> sum;
    for (const auto& [edge, report] : edges_) {
        for (const auto& use : report.uses) {
            const auto share = use.is_stream ? share_of(table_, use.listen, name) : use.server == name ? Share::whole : Share::none;
            if (share == Share::none || (share == Share::some && use.sessions == 0)) continue;
            if (share == Share::some) return std::nullopt;
            sum = sum.value_or(0) + static_cast<int>(players_of(edge, use));
        }
    }
    return sum;
}

}  // namespace gk::app
