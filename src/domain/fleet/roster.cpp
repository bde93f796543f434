#include "domain/fleet/roster.hpp"

namespace gk::fleet {

void Roster::put(const Server& server) {
    const auto [at, is_new] = servers_.try_emplace(server.uid, server);
    if (!is_new) {
        leave(at->second);
        at->second = server;
    }
    enter(server);
}

void Roster::remove(ServerUid uid) {
    const auto at = servers_.find(uid);
    if (at == servers_.end()) return;
    leave(at->second);
    servers_.erase(at);
}

std::optional<ServerUid> Roster::oldest_ready() const { return seen_ready_.empty() ? std::nullopt : std::optional(seen_ready_.begin()->uid); }

const Server* Roster::find(ServerUid uid) const {
    const auto at = servers_.find(uid);
    return at == servers_.end() ? nullptr : &at->second;
}

void Roster::enter(const Server& server) {
    const Key key{.since = server.since, .uid = server.uid};
    ++counts_[std::to_underlying(server.state)];
    if (server.state == ServerState::starting) generations_[server.generation].starting.insert(key);
    if (server.state != ServerState::ready) return;
    generations_[server.generation].ready.insert(key);
    if (server.silent_since) silent_.insert(server.uid);
    else seen_ready_.insert(key);
}

void Roster::leave(const Server& server) {
    const Key key{.since = server.since, .uid = server.uid};
    --counts_[std::to_underlying(server.state)];
    silent_.erase(server.uid);
    seen_ready_.erase(key);
    const auto at = generations_.find(server.generation);
    if (at == generations_.end()) return;
    at->second.starting.erase(key);
    at->second.ready.erase(key);
    if (at->second.starting.empty() && at->second.ready.empty()) generations_.erase(at);
}

}  // namespace gk::fleet
