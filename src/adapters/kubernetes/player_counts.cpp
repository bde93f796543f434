#include "adapters/kubernetes/player_counts.hpp"

#include <utility>

#include "adapters/kubernetes/game_server.hpp"
#include "base/log.hpp"
#include "domain/server/request.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::uid_of;

constexpr Milliseconds every = std::chrono::seconds(15);

Value number_or_null(const std::optional<int>& count) { return count ? Value(*count) : Value(); }

// Names are the players' own affair: whoever may list GameServers need not know who is where.
Value shown(const server::Players& players) {
    return Value::object({{"online", number_or_null(players.online)}, {"max", number_or_null(players.max)}});
}

bool says_the_same(const Value* status, const Value& players) {
    for (const auto member : {"online", "max"}) {
        const auto* now = status != nullptr ? status->find(member) : nullptr;
        if ((now != nullptr ? *now : Value()) != *players.find(member)) return false;
    }
    return true;
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
    auto players = shown(seen->players);
    if (says_the_same(find_at(*entry->object, {"status", "players"}), players)) co_return;
    // With the uid, another object of that name is not touched.
    auto patch =
        Value::object({{"metadata", Value::object({{"uid", uid_of(*entry->object)}})}, {"status", Value::object({{"players", std::move(players)}})}});
    const auto key = entry->key;
    const auto written = co_await client_.merge(game_servers(), key, std::move(patch), "status");
    if (!written) log::debug("kubernetes", "players are not shown", {{"server", key.text()}, {"reason", written.error().detail}});
}

}  // namespace gk::kubernetes
