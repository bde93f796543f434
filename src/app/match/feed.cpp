#include "app/match/feed.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "domain/fleet/fleet.hpp"

namespace gk::app {
namespace {

constexpr std::size_t events_at_once = 1'000;

}  // namespace

Task<void> Feed::run() {
    const auto changed = store_.watch([this] { news_.raise(); });
    std::optional<std::uint64_t> after;
    for (std::uint32_t troubles = 0;;) {
        if (!after) {
            const auto last = co_await store_.last_event();
            if (last) after = *last;
        }
        MatchStore::EventFilter filter;
        filter.after = after.value_or(0);
        filter.limit = events_at_once;
        auto events = co_await store_.events(std::move(filter));
        if (!after || !events) {
            co_await clock_.sleep(fleet::back_off(++troubles));
            continue;
        }
        troubles = 0;
        for (const auto& event : *events) {
            after = event.number;
            tell(by_ticket_, event.ticket, event);
            for (const auto& player : event.players) tell(by_player_, player, event);
        }
        if (events->size() < events_at_once) co_await news_.wait();
    }
}

template <class Map, class Key>
std::shared_ptr<void> Feed::add(Map& map, const Key& key, Heard heard) {
    auto listener = std::make_shared<Heard>(std::move(heard));
    auto& listeners = map[key];
    std::erase_if(listeners, [](const auto& known) { return known.expired(); });
    listeners.push_back(listener);
    return listener;
}

// A listener may stop listening, or begin, while it is told.
template <class Map, class Key>
void Feed::tell(Map& map, const Key& key, const MatchEvent& event) {
    const auto at = map.find(key);
    if (at == map.end()) return;
    const auto listeners = at->second;
    bool is_anybody_there = false;
    for (const auto& known : listeners) {
        const auto listener = known.lock();
        if (!listener) continue;
        is_anybody_there = true;
        (*listener)(event);
    }
    if (!is_anybody_there) map.erase(key);
}

std::shared_ptr<void> Feed::watch(TicketId ticket, Heard heard) { return add(by_ticket_, ticket, std::move(heard)); }
std::shared_ptr<void> Feed::watch_player(const std::string& player, Heard heard) { return add(by_player_, player, std::move(heard)); }

}  // namespace gk::app
