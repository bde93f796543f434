#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "app/match/queue_engine.hpp"

namespace gk::app {

// Other rules over the same traffic, without effect. They see who joins and who gives up, but not who was matched: their players go on waiting until
// these rules would have matched them, too. Both are counted from the same moment on, so that they can be compared before the rules are changed.
class Shadow {
public:
    struct Tally {
        std::uint64_t matches = 0;
        std::uint64_t players = 0;
        Milliseconds waited{};  // Of all the players together.
        double quality = 0;     // The sum of that of the matches.
        double spread = 0;      // The sum of their differences between the best player and the worst.
        bool operator==(const Tally&) const = default;
    };
    struct Report {
        Time since{};
        std::string attribute;  // Whose spread is counted; empty: of none.
        Tally made;
        Tally would_make;
        std::size_t waiting = 0;  // Here.
    };

    Shadow(std::vector<match::Stage> stages, match::Engine::Options options, std::string attribute, Time since);

    void join(const match::Ticket& ticket);
    // It is cancelled, expired, or was matched in another queue; nothing for one that the rules that count have matched.
    void leave(TicketId ticket);
    // The rules that count have made this match.
    void note_made(const std::vector<TicketId>& tickets, double quality, Time now);
    Task<void> look(const OffLoop& off_loop, Time now);

    bool has_news() const { return engine_.has_news(); }
    std::optional<Time> next() const { return next_; }
    Report report() const;

private:
    struct Known {
        Time joined_at{};
        Time expires_at{};
        std::uint32_t players = 0;
        std::optional<double> least;
        std::optional<double> most;
        bool is_made = false;        // Matched by the rules that count.
        bool would_be_made = false;  // By these.
    };
    void count(const std::vector<TicketId>& tickets, double quality, Time now, bool Known::* by, Tally& tally);
    void forget_late(Time now);
    void drop(TicketId ticket);

    QueueEngine engine_;
    std::string attribute_;
    Report report_;
    std::optional<Time> next_;
    std::unordered_map<TicketId, Known> known_;
    std::set<std::pair<Time, TicketId>> by_end_;  // Of those whom these rules have still to match.
};

}  // namespace gk::app
