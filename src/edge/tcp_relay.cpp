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
    dropped_waiting += other.dropped_waiting;
    junk += other.junk;
    answered += other.answered;
    upstream_lost += other.upstream_lost;
    return *this;
}

Result<std::unique_ptr<TcpRelay>, std::string> TcpRelay::open(Loop& loop, const Endpoint& at, StreamProtocol protocol, std::vector<Route> routes,
                                                              const TcpLimits& limits, Wake wake) {
    TRY(listener, listen_streams(at));
    auto relay = std::unique_ptr<TcpRelay>(new TcpRelay(loop, protocol, limits, std::move(wake), std::move(listener)));
    relay->update(std::move(routes));
    return relay;
}

TcpRelay::TcpRelay(Loop& loop, StreamProtocol protocol, const TcpLimits& limits, Wake wake, Descriptor listener)
    : loop_(loop),
      protocol_(protocol),
      limits_(limits),
      wake_(std::move(wake)),
      listener_(std::move(listener)),
      local_(local_endpoint(listener_.get())) {
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
        door->doorman.follow(route.rule);
        door->route = std::move(route);
        doors.push_back(std::move(door));
    }
    doors_ = std::move(doors);
    for (auto next = sessions_.begin(); next != sessions_.end();) {
        auto& session = **next++;  // Which may end here.
        if (!session.look_again()) end(session);
    }
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
    ++sessions_of_[source.address];
    auto& session = *sessions_.emplace_back(std::make_unique<Session>(*this, std::move(socket), source));
    session.place = std::prev(sessions_.end());
    if (!session.begin()) end(session);
}

// Whoever is relayed or held is never dropped for a newcomer.
bool TcpRelay::make_room(const Endpoint& source) {
    const auto of_source = sessions_of_.find(source.address);
    if (of_source != sessions_of_.end() && of_source->second >= limits_.sessions_per_source_max) return false;
    if (sessions_.size() < limits_.sessions_max) return true;
    const auto oldest = std::ranges::find_if(sessions_, [](const auto& session) { return session->is_waiting(); });
    if (oldest == sessions_.end()) return false;
    ++counts_.dropped_waiting;
    end(**oldest);
    return true;
}

TcpRelay::Door* TcpRelay::door_of(const std::string& host) {
    const auto named = std::ranges::find_if(doors_, [&](const auto& door) { return std::ranges::count(door->route.hosts, host) > 0; });
    if (named != doors_.end()) return named->get();
    const auto any = std::ranges::find_if(doors_, [](const auto& door) { return door->route.hosts.empty(); });
    return any == doors_.end() ? nullptr : any->get();
}

void TcpRelay::end(Session& session) {
    if (const auto of_source = sessions_of_.find(session.source().address); --of_source->second == 0) sessions_of_.erase(of_source);
    sessions_.erase(session.place);
}

void TcpRelay::sweep() {
    for (auto next = sessions_.begin(); next != sessions_.end();) {
        auto& session = **next++;
        if (!session.pass_time()) end(session);
    }
}

}  // namespace gk::edge
