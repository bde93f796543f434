#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/match/life.hpp"

namespace gk::matchsim {

// People who want to play: alone and together, twice, with and without a key that makes a repetition harmless; who change their mind, are silent, say
// no, or leave in the middle. What they were told, the hall keeps as promises.
class Players {
public:
    Players(Hall& hall, std::uint64_t seed);

    // Somebody does something, by way of this life.
    void act(Life& life);
    // Everybody asks after what it waits for, or answers; nobody asks for anything new.
    void ask_after_all(Life& life);
    // In some runs everybody comes for the same: then many wait at once.
    bool is_rush() const { return is_rush_; }
    // Who says no when it is asked whether it plays.
    std::set<std::string> unwilling;
    // An operator changes, removes or makes a queue.
    void change_queue(Life& life);

private:
    struct Listening;

    void join(Life& life);
    Task<void> do_join(Life& life, app::JoinOrder order, std::string key);
    Task<void> do_cancel(Life& life, TicketId ticket, std::string player);
    Task<void> do_change(Life& life, TicketId ticket, std::string player);
    Task<void> look_after(Life& life, TicketId ticket, std::string player, bool is_willing);
    Task<void> do_answer(Life& life, MatchId match, std::string player, bool accepted);
    Task<void> do_end(Life& life, MatchId match, std::string player);
    Task<void> do_leave(Life& life, MatchId match, std::string player);
    Task<void> listen(Life& life, TicketId ticket);
    Task<void> do_put(Life& life, std::string queue);
    Task<void> do_remove(Life& life, std::string queue);

    std::string someone();
    std::optional<std::pair<TicketId, std::string>> some_ticket();
    match::Player as_player(const std::string& name);

    Hall& hall_;
    Dice dice_;
    std::uint64_t names_;
    bool is_rush_;
    std::uint64_t keys_ = 0;
};

// As operators make the queue of this name.
app::QueueOrder queue_order(const std::string& name);
inline constexpr auto queue_names = std::to_array<const char*>({"duo", "quad", "ranked", "asked"});
inline constexpr Milliseconds ticket_ttl = std::chrono::minutes(4);

}  // namespace gk::matchsim
