#include "edge/tcp_relay.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

#include "edge/tcp_session.hpp"

namespace gk::edge {

namespace {
constexpr int accepts_at_once = 64;
}  // namespace

TcpCounts& TcpCounts::operator+=(const TcpCounts& other) {
    accepted += other.accepted;
    refused_full += other.refused_full;
    too_many += other.too_many;
    dropped_waiting += other.dropped_waiting;
    junk += other.junk;
    answered += other.answered;
    upstream_lost += other.upstream_lost;
    return *this;
}

template <class Ended>
void TcpRelay::end_those(Ended has_ended) {
    for (auto next = sessions_.begin(); next != sessions_.end();) {
        auto& session = **next++;
        if (has_ended(session)) end(session);
    }
}

Result<std::unique_ptr<TcpRelay>, std::string> TcpRelay::open(Loop& loop, const Endpoint& at, StreamProtocol protocol, std::vector<Route> routes,
                                                              const TcpLimits& limits, Wake wake, std::optional<TcpRelayState> left) {
    auto listening = left ? std::move(left->listener) : listen_streams(at);
    TRY(listener, std::move(listening));
    auto relay = std::unique_ptr<TcpRelay>(new TcpRelay(loop, protocol, limits, std::move(wake), std::move(listener)));
    relay->update(std::move(routes));
    if (left) relay->adopt(std::move(*left));
    return relay;
}

void TcpRelay::adopt(TcpRelayState left) {
    counts_ = left.counts;
    for (const auto& door : doors_) {
        const auto known = std::ranges::find(left.doors, door->route.server, &TcpDoorState::server);
        if (known != left.doors.end()) door->doorman.remember(known->door);
    }
    for (auto& state : left.sessions) {
        auto& session = add(std::move(state));
        if (!session.resume()) end(session);
    }
}

void TcpRelay::drain() {
    loop_.forget(listener_.get(), *this);
    listener_.reset();
    end_those([](Session& session) { return !session.goes_on_in_drain(); });
}

TcpRelayState TcpRelay::release() {
    loop_.forget(listener_.get(), *this);
    TcpRelayState left{.listener = std::move(listener_), .protocol = protocol_, .counts = counts_, .doors = {}, .sessions = {}};
    for (const auto& door : doors_) left.doors.push_back({.server = door->route.server, .door = door->doorman.memory()});
    for (const auto& session : sessions_) left.sessions.push_back(session->release());
    sessions_.clear();
    return left;
}

TcpRelay::TcpRelay(Loop& loop, StreamProtocol protocol, const TcpLimits& limits, Wake wake, Descriptor listener)
    : loop_(loop),
      protocol_(protocol),
      limits_(limits),
      wake_(std::move(wake)),
      listener_(std::move(listener)),
      local_(local_endpoint(listener_.get())),
      newcomers_(limits.door.sources_max) {
    loop_.watch(listener_.get(), EPOLLIN, *this);
}

TcpRelay::~TcpRelay() {
    sessions_.clear();
    loop_.forget(listener_.get(), *this);
}

void TcpRelay::update(std::vector<Route> routes) {
    std::vector<std::unique_ptr<Door>> doors;
    for (auto& route : routes) {
        const auto known = std::ranges::find_if(doors_, [&](const auto& door) { return door && door->route.server == route.server; });
        // What was counted at this door stays counted.
        auto door =
            known == doors_.end() ? std::make_unique<Door>(Door{route, wake::Doorman(route.rule, limits_.door, loop_.now())}) : std::move(*known);
        door->doorman.follow(route.rule, route.state == RouteState::asleep);
        door->route = std::move(route);
        if (!is_reachable(door->route)) door->first_relayed.reset();
        doors.push_back(std::move(door));
    }
    doors_ = std::move(doors);
    end_those([](Session& session) { return !session.look_again(); });
}

void TcpRelay::on_ready(std::uint32_t) {
    for (int i = 0; i < accepts_at_once; ++i) {
        KernelAddress from;
        Descriptor socket(::accept4(listener_.get(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) return;  // None is left, or no descriptor is: then the next turn tries again.
        admit(std::move(socket), endpoint_of(from.storage));
    }
}

void TcpRelay::admit(Descriptor socket, const Endpoint& source) {
    if (!make_room(source)) {
        ++counts_.refused_full;
        return;
    }
    ++counts_.accepted;
    send_at_once(socket.get());
    TcpSessionState state{.source = source, .player = {.socket = std::move(socket), .unsent = {}}, .game = {}, .host = {}, .first = {}};
    auto& session = add(std::move(state));
    if (!session.begin()) end(session);
}

TcpRelay::Session& TcpRelay::add(TcpSessionState state) {
    ++sessions_of_[state.source.address];
    auto& session = *sessions_.emplace_back(std::make_unique<Session>(*this, std::move(state)));
    session.place = std::prev(sessions_.end());
    return session;
}

// Whoever is relayed or held is never dropped for a newcomer.
bool TcpRelay::make_room(const Endpoint& source) {
    if (!is_proxy(source) && !admits(source)) return false;
    if (sessions_.size() < limits_.sessions_max) return true;
    const auto oldest = std::ranges::find_if(sessions_, [](const auto& session) { return session->is_waiting(); });
    if (oldest == sessions_.end()) return false;
    ++counts_.dropped_waiting;
    end(**oldest);
    return true;
}

bool TcpRelay::admits(const Endpoint& source) {
    if (is_barred(bans_, source)) return false;
    const auto now = loop_.now();
    auto& newcomers = newcomers_.of(source.address, [&] { return wake::Bucket(limits_.new_per_source, now); });
    if (!newcomers.take(limits_.new_per_source, 1, now)) {
        ++counts_.too_many;
        return false;
    }
    const auto of_source = sessions_of_.find(source.address);
    return of_source == sessions_of_.end() || of_source->second < limits_.sessions_per_source_max;
}

bool TcpRelay::is_proxy(const Endpoint& peer) const {
    if (doors_.empty()) return false;
    // All routes of a listener have its proxies.
    return std::ranges::any_of(doors_.front()->route.proxy_from, [&](const wake::Block& block) { return block.contains(peer.address); });
}

bool TcpRelay::rename(Session& session, const Endpoint& source) {
    if (!admits(source)) {
        ++counts_.refused_full;
        return false;
    }
    count_out(session.source());
    ++sessions_of_[source.address];
    return true;
}

void TcpRelay::count_out(const Endpoint& source) {
    if (const auto of_source = sessions_of_.find(source.address); --of_source->second == 0) sessions_of_.erase(of_source);
}

std::map<std::string, wake::Instant> TcpRelay::first_relayed() const {
    std::map<std::string, wake::Instant> all;
    for (const auto& door : doors_) {
        if (door->first_relayed) all.emplace(door->route.server, *door->first_relayed);
    }
    return all;
}

TcpRelay::Door* TcpRelay::door_of(const std::string& host) {
    const auto named = std::ranges::find_if(doors_, [&](const auto& door) { return std::ranges::count(door->route.hosts, host) > 0; });
    if (named != doors_.end()) return named->get();
    const auto any = std::ranges::find_if(doors_, [](const auto& door) { return door->route.hosts.empty(); });
    return any == doors_.end() ? nullptr : any->get();
}

void TcpRelay::end(Session& session) {
    count_out(session.source());
    sessions_.erase(session.place);
}

void TcpRelay::bar(Bans bans) {
    if (bans == bans_) return;
    bans_ = std::move(bans);
    end_those([this](Session& session) { return is_barred(bans_, session.source()); });
}

void TcpRelay::sweep() {
    end_those([](Session& session) { return !session.pass_time(); });
}

}  // namespace gk::edge
