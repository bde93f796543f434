#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "domain/match/rules/program.hpp"

namespace gk::match {

// One who could be in a match.
struct Candidate {
    const Profile* ticket = nullptr;
    std::uint32_t number = 0;  // The caller's.
    std::size_t level = 0;     // Of its own age.
};

// How much may still be looked at. A look is one ticket that is held against another.
struct Looks {
    std::uint64_t left = 0;
    bool has_ended = false;  // Something was left undone.

    bool take(std::uint64_t count) {
        if (left < count) {
            has_ended = true;
            left = 0;
            return false;
        }
        left -= count;
        return true;
    }
};

// Makes one match around one ticket, or fills up one that runs. Keeps its lists between uses.
class Filler {
public:
    explicit Filler(const Program& program);

    struct Placed {
        Candidate who;
        std::uint32_t team = 0;
    };
    struct Wish {
        std::span<const Placed> there;        // Who is in already: the first ticket, or those who play.
        std::span<const Candidate> others;    // In the order in which they are tried.
        std::size_t level = 0;                // Whose rules lead; those of the level that the match really has must hold in the end.
        Time now{};
        std::optional<std::uint32_t> room;    // Of a match that runs, players: it need not reach the least sizes, and one ticket is enough.
        const Candidate* first = nullptr;     // To be placed before the others; a match without it is none.
    };
    // Takes in one after the other as long as the rules hold. The greatest match on the way that is complete, or nothing.
    std::vector<Placed> fill(const Wish& wish, Looks& looks);
    // Every set, the greater ones first, until one is complete or the looks end.
    std::vector<Placed> try_all(const Wish& wish, Looks& looks);

    struct Pair {
        const Profile& one;
        const Profile& other;
        std::size_t level = 0;
        Time now{};
    };
    // Whether two could ever be in one match: no block list and no rule that looks at everybody speaks against it.
    bool could_go_together(const Pair& pair);
    // The rules that keep these two apart, in whichever teams they are; places in Level::rules.
    std::vector<std::size_t> what_keeps_apart(const Pair& pair);

private:
    void begin(const Wish& wish);
    void put(const Candidate& who, std::uint32_t team);
    void take_back();
    bool has_room(const Wish& wish, const Profile& ticket, std::size_t team) const;
    bool is_kept_out(const Profile& ticket) const;
    bool holds_so_far(const Wish& wish);
    bool can_still_hold(const Wish& wish);
    bool is_complete(const Wish& wish);
    std::size_t level_of_match() const;
    const std::vector<std::uint32_t>& teams_by_need(const Wish& wish);
    bool place(const Wish& wish, const Candidate& who, Looks& looks);
    bool try_from(const Wish& wish, std::size_t start, Looks& looks);
    bool try_in_every_team(const Wish& wish, const Candidate& who, std::size_t next, Looks& looks);
    bool is_like_an_earlier_team(const Wish& wish, std::size_t team) const;
    bool fits_anywhere(const Pair& pair, std::size_t rule);

    const Program& program_;
    std::vector<Checker> checkers_;  // By level.
    Lineup lineup_;
    Lineup pair_;
    std::vector<Placed> placed_;
    std::vector<std::uint32_t> team_order_;
    std::vector<std::uint32_t> players_behind_;  // Of the others from each place on.
};

}  // namespace gk::match
