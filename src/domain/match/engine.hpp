#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/match/rules/rule_set.hpp"
#include "domain/match/ticket.hpp"

namespace gk::match {

// Where a ticket is kept in an engine. Never given out twice: a handle that somebody still holds after its ticket has left is no other ticket's.
enum class Handle : std::uint64_t {};

// A match that could be made now. Its tickets are out of the engine's search until release() or remove().
struct Proposal {
    struct Placed {
        Handle handle;
        std::uint32_t team = 0;  // Place in team_names().
    };
    std::vector<Placed> placed;
    std::optional<MatchId> joins;  // A running match that takes them in (put()); none: a new one.
    std::string region;
    double quality = 0;       // 0 to 1.
};

// A match that runs and would take more players.
struct Backfill {
    MatchId match;
    std::vector<Player> players;     // Who is there, and in which team.
    std::vector<std::uint32_t> teams;
    std::uint32_t open_slots = 0;
    Time since{};
};

struct Explanation {
    struct RuleCount {
        std::string rule;
        std::uint32_t kept_out = 0;  // Of the tickets looked at.
    };
    std::uint32_t looked_at = 0;
    std::vector<RuleCount> rules;
    std::optional<Milliseconds> next_step;  // Until its rules next relax.
    std::optional<Milliseconds> estimate;   // Of what it still has to wait.
};

// The waiting tickets of one queue. Deterministic: the same calls in the same order give the same proposals on any machine. No clock, no I/O, no
// thread; not to be called from two threads at once. Times never go back.
class Engine {
public:
    struct Options {
        std::uint64_t seed = 1;           // Of the hashes that stand for names of players.
        std::uint32_t budget = 2'000'000; // Pairs of tickets looked at in a pass; what is left is done in the next one.
    };
    // `stages` as read_rules() or read_native_rules() gives them: never empty.
    Engine(std::vector<Stage> stages, Options options);
    ~Engine();

    // A ticket begins to wait, since its joined_at. The error says which attribute a rule needs and this ticket has not.
    Result<Handle, std::string> add(const Ticket& ticket);
    // It is gone: cancelled, expired, or its match was committed.
    void remove(Handle handle);
    // A proposal was refused by the store: a ticket that still waits is searched for again, with its place in the order.
    void release(Handle handle);

    void put(Backfill backfill);
    void remove_backfill(MatchId match);

    // What can be made now. A set of tickets that the rules allow together at `now` is not left waiting unless the budget ended (is_cut_short()).
    std::vector<Proposal> pass(Time now);
    bool is_cut_short() const;
    // When a pass could find something although no ticket came: a rule relaxes, a flush is due. None: not before a ticket comes.
    std::optional<Time> next_pass() const;

    Explanation explain(Handle handle, Time now) const;
    std::size_t waiting() const;
    std::span<const std::string> team_names() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace gk::match
