#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "async/signal.hpp"
#include "ports/clock.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

// Tells those of this process who wait for a ticket or a player what the store has written down: one reader for all of them, however many there are.
class Feed {
public:
    Feed(MatchStore& store, Clock& clock) : store_(store), clock_(clock) {}

    // Follows the store until it is cancelled. What happens before it has begun is not told.
    Task<void> run();

    using Heard = std::function<void(const MatchEvent&)>;
    // Calls `heard` on the loop's thread, in the order of the events, until the handle is dropped. Whoever must not miss anything watches first and
    // reads then; events have numbers.
    std::shared_ptr<void> watch(TicketId ticket, Heard heard);
    std::shared_ptr<void> watch_player(const std::string& player, Heard heard);

private:
    using Listeners = std::vector<std::weak_ptr<Heard>>;
    template <class Map, class Key>
    static std::shared_ptr<void> add(Map& map, const Key& key, Heard heard);
    template <class Map, class Key>
    static void tell(Map& map, const Key& key, const MatchEvent& event);

    MatchStore& store_;
    Clock& clock_;
    async::Signal news_;
    std::unordered_map<TicketId, Listeners> by_ticket_;
    std::unordered_map<std::string, Listeners> by_player_;
};

}  // namespace gk::app
