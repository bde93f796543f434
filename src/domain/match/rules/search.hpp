#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/match/engine.hpp"

namespace gk::match {

// Finds matches by any rule set, by looking at tickets one after the other: what Engine does when its rules are none of those that buckets
// answer. Every call means what it means in Engine.
//
// What could not be made before and can be made now has a ticket in it that came, came back, or reached another stage. So each of those is taken
// once, in the order of priority and waiting, and held against all who wait, in the same order or as the sorts say:
//  1. A quick attempt, as the FlexMatch guide describes it: one after the other is taken in when the rules hold with it, and stays out otherwise.
//  2. When that finds nothing, all sets of tickets, cut where a rule can never hold again, whoever joins. So a set that the rules allow is found,
//     unless the budget ends. Large matches (more than 40 players) are only filled up.
// Who used up a share of the budget is tried again in the next pass with twice as much; after a whole budget, when somebody came or aged.
class Search {
public:
    Search(std::vector<Stage> stages, Engine::Options options);
    ~Search();

    Result<Handle, std::string> add(const Ticket& ticket);
    void remove(Handle handle);
    void release(Handle handle);

    // One that a proposal joins is not filled up again before it is put again, with those who came in, or as before when they were refused.
    void put(Backfill backfill);
    void remove_backfill(MatchId match);

    std::vector<Proposal> pass(Time now);
    bool is_cut_short() const;
    std::optional<Time> next_pass() const;

    Explanation explain(Handle handle, Time now) const;
    std::size_t waiting() const;
    std::span<const std::string> team_names() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace gk::match
