#include "adapters/kubernetes/store/player_counts.hpp"

#include <utility>

#include "adapters/kubernetes/objects/game_server.hpp"
#include "base/log.hpp"
#include "domain/server/request.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::uid_of;

constexpr Milliseconds every = std::chrono::seconds(15);

// What of it differs from what is shown, as a patch. The API server drops no null of a member that is not there yet, and then finds it invalid.
// Names are the players' own affair: whoever may list GameServers need not know who is where.
Value changes_of(const Value* shown, const server::Players& players) {
    auto out = Value::object();
    const auto note = [&](std::string_view member, const std::optional<int>& count) {
        const auto* now = shown != nullptr ? shown->find(member) : nullptr;
        const Value next = count ? Value(*count) : Value();
        if ((now != nullptr ? *now : Value()) != next) out.set(member, next);
    };
    note("online", players.online);
    note("max", players.max);
    return out;
}

}  // namespace

Task<void> PlayerCounts::run() {
    for (;;) {
        co_await client_.clock().sleep(every);
        if (leads_()) co_await round();
    }
}

Task<void> PlayerCounts::round() {
    std::vector<ServerUid> up;
    for (const auto& [key, entry] : servers_.all()) {
        if (entry.record && server::game_up(*entry.record)) up.push_back(entry.record->uid);
    }
    for (const auto uid : up) co_await show(uid);
}

Task<void> PlayerCounts::show(ServerUid uid) {
    const auto seen = co_await runtime_.observe(uid);
    const auto* entry = servers_.find(uid);
    if (!seen || entry == nullptr) co_return;
    auto players = changes_of(find_at(*entry->object, {"status", "players"}), seen->players);
    if (players.as_object()->empty()) co_return;
    // With the uid, another object of that name is not touched.
    auto patch =
        Value::object({{"metadata", Value::object({{"uid", uid_of(*entry->object)}})}, {"status", Value::object({{"players", std::move(players)}})}});
    const auto key = entry->key;
    const auto written = co_await client_.merge(game_servers(), key, std::move(patch), "status");
    if (!written) log::debug("kubernetes", "players are not shown", {{"server", key.text()}, {"reason", written.error().detail}});
}

}  // namespace gk::kubernetes
