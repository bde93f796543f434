#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "domain/match/rules/filler.hpp"
#include "domain/match/rules/search.hpp"

namespace gk::match {

class Search::State {
public:
    State(std::vector<Stage> stages, Engine::Options options);

    Result<Handle, std::string> add(const Ticket& ticket);
    void remove(Handle handle);
    void release(Handle handle);
    void put(const Backfill& backfill);
    void remove_backfill(MatchId match);
    std::vector<Proposal> pass(Time now);
    bool is_cut_short() const { return is_cut_short_; }
    std::optional<Time> next_pass() const;
    Explanation explain(Handle handle, Time now);
    std::size_t waiting() const { return waiting_; }
    std::span<const std::string> team_names() const { return program_.team_names(); }

private:
    struct Entry {
        enum class Is : std::uint8_t { free, waiting, proposed };
        Is is = Is::free;
        bool is_fresh = false;         // Came, came back or aged since it was searched for.
        std::uint32_t generation = 0;  // Of the place: grows when a ticket has left it, so that no handle is given out twice.
        std::size_t level = 0;
        std::uint64_t arrival = 0;
        std::uint64_t share = 0;       // Looks that its next search may take.
        Profile profile;
    };
    struct Running {
        MatchId match;
        Time since{};
        std::uint32_t open_slots = 0;
        bool is_fresh = true;
        std::size_t level = 0;
        std::deque<Profile> players;
        std::vector<Filler::Placed> there;
    };
    using Found = std::vector<Filler::Placed>;

    Handle handle_of(std::uint32_t number) const;
    std::optional<std::uint32_t> number_of(Handle handle) const;
    Entry& entry(std::uint32_t number) { return entries_[number]; }
    bool is_waiting(std::uint32_t number) const { return entries_[number].is == Entry::Is::waiting; }
    Candidate candidate(std::uint32_t number) const;
    void put_in_order();
    void age(Time now);
    void fill_running(Time now, Looks& looks, std::vector<Proposal>& out);
    void search_fresh(Time now, Looks& looks, std::vector<Proposal>& out);
    Found search_for(std::uint32_t number, Time now, Looks& looks);
    Found search_at(std::uint32_t number, std::size_t level, Time now, Looks& looks);
    bool may_be_in_match_of(std::size_t own_level, std::size_t level) const;
    std::vector<Candidate> collect(std::uint32_t number, std::size_t level, std::size_t& from, std::size_t count, Looks& looks);
    Found fill_by_region(const Candidate& subject, const std::vector<Candidate>& others, Filler::Wish wish, Looks& looks);
    Proposal propose(const Found& found, std::size_t already_there, Time now);
    std::string nearest_region(const Found& found) const;
    std::optional<Milliseconds> usual_wait() const;

    Words words_;
    Program program_;
    Filler filler_;
    Engine::Options options_;
    std::deque<Entry> entries_;        // Never moved: lineups point into them.
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> order_; // Who waits, by priority and waiting; during a pass also those just proposed.
    bool is_order_stale_ = false;
    std::vector<Running> running_;
    std::uint64_t arrivals_ = 0;
    std::size_t waiting_ = 0;
    bool is_cut_short_ = false;
    Time last_pass_{};
    std::vector<Milliseconds> waits_;  // Of the last who were matched.
    std::size_t next_wait_ = 0;
};

}  // namespace gk::match
