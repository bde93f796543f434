#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gk::match {

// Which party goes into which team, so that the teams' mean numbers lie as near together as they can. Keeps its memory between calls.
class Split {
public:
    struct Party {
        std::uint32_t width = 1;
        std::int64_t number = 0;  // Of each of its players, in thousandths.
        std::uint32_t team = 0;   // In: a way in which all fit. Out: the best with the same sizes of teams.
    };
    // Up to exact_players of them all ways are tried. Beyond, the numbers are dealt out forth and back, and then pairs change places as long as that
    // helps; when there are parties of several, only the latter.
    void improve(std::span<Party> parties, std::uint32_t teams);
    // From the least to the greatest mean of the teams, in 1/64 of a thousandth.
    std::int64_t gap(std::span<const Party> parties, std::uint32_t teams);

    static constexpr std::uint32_t exact_players = 12;

private:
    struct Side {
        std::int64_t sum = 0;
        std::uint32_t players = 0;
        std::uint32_t size = 0;  // Players that it is to have.
    };
    void count(std::span<const Party> parties, std::uint32_t teams);
    std::int64_t gap_of_sides() const;
    void pair_up(std::span<Party> parties);
    void try_all(std::span<Party> parties, std::size_t at);
    void deal(std::span<Party> parties);
    bool swap_best(std::span<Party> parties);
    std::span<const std::uint16_t> halves(std::uint32_t parties, std::uint32_t chosen);

    std::vector<Side> sides_;
    std::vector<std::uint32_t> best_;
    std::int64_t best_gap_ = 0;
    std::vector<std::vector<std::uint16_t>> halves_;  // Sets of so many of so many, with the first in it.
};

}  // namespace gk::match
