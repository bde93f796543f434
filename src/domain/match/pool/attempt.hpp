#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "domain/match/pool/filling.hpp"
#include "domain/match/pool/lines.hpp"
#include "domain/match/pool/plain_rules.hpp"
#include "domain/match/pool/table.hpp"

namespace gk::match {

// One search for the match that a ticket could be in. Finds one if there is any among the tickets in sight; of several the one with the most players
// and, where all came alone, the least spread. Among tickets that are the same to the rules, who waits longer is taken.
class Attempt {
public:
    Attempt(const PlainRules& rules, const Table& table, const Lines& lines) : rules_(rules), table_(table), lines_(lines) {}

    struct Taken {
        std::uint32_t place = 0;
        std::uint32_t team = 0;
    };
    // `budget` counts down with each ticket that is looked at; at 0 the search ends without a match.
    bool run(std::uint32_t anchor, Time now, std::uint32_t& budget);
    std::span<const Taken> taken() const { return taken_; }
    std::uint32_t players() const { return players_; }
    std::int64_t spread() const { return spread_; }

    // Players that a match could have besides one who came alone.
    std::uint32_t others_most() const { return rules_.steps.back().team_most * teams() - 1; }
    // The step that holds for a ticket of that age, by its place in rules.steps.
    std::size_t step_at(Milliseconds age) const;
    // How far from the ticket others may lie now, by its own window.
    std::int64_t window_of(std::uint32_t place, Time now) const;
    bool is_blocked(std::uint32_t a, std::uint32_t b) const;

private:
    struct Candidate {
        std::uint32_t place = 0;
        std::uint32_t width = 1;
        std::int64_t number = 0;
        std::int64_t window = 0;
        bool is_out = false;  // A match with it and another one was found, and these two are never matched.
    };
    struct Side {
        std::vector<Candidate> list;  // The nearest first.
        bool is_all = false;          // Nobody else is within reach.
    };
    struct Choice {
        std::uint32_t players = 0;
        std::int64_t spread = 0;
        bool operator<(const Choice& other) const { return players != other.players ? players < other.players : spread > other.spread; }
    };

    bool try_step(std::size_t step);
    bool try_region(std::optional<std::uint32_t> region);
    void gather(std::size_t want);
    void gather_all_in_turn(std::size_t want);
    std::int64_t reach_below(std::int64_t reach) const;
    void gather_above(std::size_t want, std::int64_t reach);
    void gather_below(std::size_t want, std::int64_t reach);
    bool gather_group(Lines::Spot first, Lines::Spot own, std::size_t want);
    bool consider(std::uint32_t place, std::int64_t number, std::vector<Candidate>& to);
    bool is_over() const { return *budget_ == 0; }

    bool choose();
    bool choose_without_blocked(int depth);
    bool choose_run();
    bool is_run_allowed(std::span<const Candidate* const> left, std::span<const Candidate* const> right) const;
    bool choose_any();
    bool choose_between(std::int64_t least, std::int64_t most, Choice& best);
    void take_alone(std::span<const Candidate* const> left, std::span<const Candidate* const> right);
    bool seat(std::uint32_t beat);
    std::optional<std::pair<Candidate*, Candidate*>> blocked_pair();
    Candidate* candidate(std::uint32_t place);

    std::uint32_t players_least() const { return step_.team_least * teams(); }
    std::uint32_t players_most() const { return step_.team_most * teams(); }
    std::uint32_t teams() const { return static_cast<std::uint32_t>(rules_.teams.size()); }

    const PlainRules& rules_;
    const Table& table_;
    const Lines& lines_;
    Filling filling_;

    // What is searched for now.
    Candidate anchor_;
    Time now_{};
    PlainRules::Step step_;
    Time joined_from_{};    // Whose age the step fits.
    Time joined_before_{};
    std::optional<std::uint32_t> region_;  // In which all meet, when a rule asks for one.
    const std::vector<std::uint64_t>* near_ = nullptr;
    std::uint32_t* budget_ = nullptr;
    Side below_;
    Side above_;
    bool are_all_alone_ = true;

    std::vector<const Candidate*> left_;
    std::vector<const Candidate*> right_;
    std::vector<const Candidate*> between_;
    std::vector<std::uint8_t> widths_;
    std::vector<std::uint32_t> nobody_;
    std::vector<std::uint32_t> regions_;
    std::vector<Taken> taken_;
    std::uint32_t players_ = 0;
    std::int64_t spread_ = 0;
};

}  // namespace gk::match
