#include "edge/shard.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace gk::edge {
namespace {

wake::Rate part_of(const wake::Rate& rate, unsigned loops) {
    return {.per_minute = std::max<std::int64_t>(1, rate.per_minute / loops), .most = std::max<std::int64_t>(1, rate.most / loops)};
}

// Closes what no table names any more.
template <class Relays, class Named>
void keep_only(Relays& relays, const Named& is_named) {
    std::erase_if(relays, [&](const auto& item) { return !is_named(item.first); });
}

template <class State>
std::optional<State> taken_from(std::map<Endpoint, State>& left, const Endpoint& at) {
    auto node = left.extract(at);
    return node ? std::optional(std::move(node.mapped())) : std::nullopt;
}

}  // namespace

Limits Limits::shared_by(unsigned loops) const {
    auto part = *this;
    for (auto* door : {&part.udp.door, &part.tcp.door, &part.dns.door}) {
        door->wakes_per_source = part_of(door->wakes_per_source, loops);
        door->wakes_in_all = part_of(door->wakes_in_all, loops);
    }
    for (auto* budget : {&part.answers, &part.dns.whole}) {
        budget->answers = part_of(budget->answers, loops);
        budget->bytes = part_of(budget->bytes, loops);
        budget->bytes_in_all = part_of(budget->bytes_in_all, loops);
    }
    part.udp.new_per_source = part_of(udp.new_per_source, loops);
    part.tcp.new_per_source = part_of(tcp.new_per_source, loops);
    part.udp.sessions_max = std::max<std::size_t>(1, udp.sessions_max / loops);
    part.tcp.sessions_max = std::max<std::size_t>(1, tcp.sessions_max / loops);
    return part;
}

RouteCounts& RouteCounts::operator+=(const RouteCounts& other) {
    sessions += other.sessions;
    held += other.held;
    udp += other.udp;
    tcp += other.tcp;
    return *this;
}

Shard::Shard(Loop& loop, const Tokens& tokens, const Limits& limits, Wake wake)
    : loop_(loop),
      limits_(limits),
      wake_(std::move(wake)),
      shared_{tokens, wake::AnswerBudget(limits.answers, loop.now())} {}

std::vector<std::string> Shard::apply(const RouteTable& table) {
    // First, so that an address that changed hands is free.
    keep_only(datagrams_, [&](const Endpoint& at) { return std::ranges::find(table.datagrams, at, &Route::listen) != table.datagrams.end(); });
    keep_only(streams_, [&](const Endpoint& at) { return std::ranges::find(table.streams, at, &Listener::listen) != table.streams.end(); });
    std::vector<std::string> wrong;
    for (const auto& route : table.datagrams) apply_datagrams(route, wrong);
    for (const auto& listener : table.streams) apply_streams(listener, wrong);
    apply_dns(table, wrong);
    left_ = {};
    bar(table.bans);
    return wrong;
}

void Shard::bar(const std::vector<wake::Ban>& bans) {
    if (!bans_ || *bans_ != bans) bans_ = std::make_shared<const std::vector<wake::Ban>>(bans);
    for (const auto& [at, relay] : datagrams_) relay->bar(bans_);
    for (const auto& [at, streams] : streams_) streams.relay->bar(bans_);
}

void Shard::drain() {
    for (const auto& [at, relay] : datagrams_) relay->drain();
    for (const auto& [at, streams] : streams_) streams.relay->drain();
    dns_.clear();
}

ShardState Shard::release() {
    ShardState left;
    for (const auto& [at, relay] : datagrams_) left.datagrams.emplace(at, relay->release());
    for (const auto& [at, streams] : streams_) left.streams.emplace(at, streams.relay->release());
    datagrams_.clear();
    streams_.clear();
    // Who asks by datagram asks again, and has another one to ask.
    dns_.clear();
    return left;
}

void Shard::apply_datagrams(const Route& route, std::vector<std::string>& wrong) {
    auto& relay = datagrams_[route.listen];
    // Another server's players are not ours to keep.
    if (relay && (relay->route().server != route.server || relay->route().protocol != route.protocol)) relay.reset();
    if (relay) return relay->update(route);
    auto left = taken_from(left_.datagrams, route.listen);
    if (left && (left->server != route.server || left->protocol != route.protocol)) left.reset();
    auto opened = UdpRelay::open(loop_, route, limits_.udp, shared_, teller(), std::move(left));
    if (opened) {
        relay = std::move(*opened);
        return;
    }
    wrong.push_back(fmt::format("the players of '{}' cannot be listened for: {}", route.server, opened.error()));
    datagrams_.erase(route.listen);
}

void Shard::apply_streams(const Listener& listener, std::vector<std::string>& wrong) {
    const auto known = streams_.find(listener.listen);
    if (known != streams_.end() && known->second.protocol == listener.protocol) return known->second.relay->update(listener.routes);
    if (known != streams_.end()) streams_.erase(known);
    auto left = taken_from(left_.streams, listener.listen);
    if (left && left->protocol != listener.protocol) left.reset();
    auto opened = TcpRelay::open(loop_, listener.listen, listener.protocol, listener.routes, limits_.tcp, teller(), std::move(left));
    if (opened) streams_.emplace(listener.listen, Streams{listener.protocol, std::move(*opened)});
    else wrong.push_back(fmt::format("players cannot be listened for at {}: {}", listener.listen.text(), opened.error()));
}

void Shard::apply_dns(const RouteTable& table, std::vector<std::string>& wrong) {
    keep_only(dns_, [&](const Endpoint& at) { return std::ranges::find(table.dns, at) != table.dns.end(); });
    const auto zones = std::make_shared<const wake::ZoneIndex>(table.zones);
    for (const auto& at : table.dns) {
        auto& server = dns_[at];
        if (!server) {
            auto opened = DnsServer::open(loop_, at, limits_.dns, shared_.answers, [this](const wake::ZoneName& name, const Endpoint& source) {
                wake_({.server = name.server, .source = source, .name = {}});
            });
            if (!opened) {
                wrong.push_back(fmt::format("questions for names cannot be listened for at {}: {}", at.text(), opened.error()));
                dns_.erase(at);
                continue;
            }
            server = std::move(*opened);
        }
        server->update(zones);
    }
}

UdpRelay::Wake Shard::teller() {
    return [this](const Route& woken, const Endpoint& source, std::string_view name) {
        wake_({.server = woken.server, .source = source, .name = std::string(name)});
    };
}

void Shard::sweep() {
    for (const auto& [at, relay] : datagrams_) relay->sweep();
    for (const auto& [at, streams] : streams_) streams.relay->sweep();
    for (const auto& [at, server] : dns_) server->sweep();
}

std::map<std::string, wake::Instant> Shard::first_relayed() const {
    std::map<std::string, wake::Instant> all;
    for (const auto& [at, relay] : datagrams_) {
        if (const auto first = relay->first_relayed()) keep_earliest(all, {{relay->route().server, *first}});
    }
    for (const auto& [at, streams] : streams_) keep_earliest(all, streams.relay->first_relayed());
    return all;
}

void keep_earliest(std::map<std::string, wake::Instant>& all, const std::map<std::string, wake::Instant>& more) {
    for (const auto& [server, at] : more) {
        auto& known = all.try_emplace(server, at).first->second;
        known = std::min(known, at);
    }
}

std::vector<RouteCounts> Shard::counts() const {
    std::vector<RouteCounts> all;
    for (const auto& [at, relay] : datagrams_) {
        all.push_back({.server = relay->route().server,
                       .listen = at,
                       .is_stream = false,
                       .sessions = relay->sessions(),
                       .held = relay->held(),
                       .udp = relay->counts()});
    }
    for (const auto& [at, streams] : streams_) {
        all.push_back({.listen = at, .is_stream = true, .sessions = streams.relay->sessions(), .tcp = streams.relay->counts()});
    }
    return all;
}

}  // namespace gk::edge
