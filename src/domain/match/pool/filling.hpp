#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gk::match {

// Who of those that would come fits into the teams of a match, when parties stay together. Keeps its memory between calls.
class Filling {
public:
    struct Seat {
        std::uint32_t index = 0;  // In `widths`.
        std::uint32_t team = 0;
    };
    // Players that each team has and may have.
    struct Teams {
        std::span<const std::uint32_t> there;  // Players who are there already, for each team.
        std::uint32_t least = 1;
        std::uint32_t most = 1;
    };

    // `widths`: players of each party, the most wanted first; the first is always among those chosen. As many players as possible; among equals
    // those that need no party further back. Empty: there is no way to give every team its least.
    // It looks at all ways as long as (most + 1)^teams stays below states_limit; beyond, each party goes into the fullest team that has room.
    std::span<const Seat> fill(const Teams& teams, std::span<const std::uint8_t> widths);
    // Players that the last call seated.
    std::uint32_t seated() const { return seated_; }

    static constexpr std::size_t states_limit = 65'536;

private:
    // One way of filling teams, without regard to which is which: their players in rising order.
    struct State {
        std::uint32_t code = 0;
        std::uint32_t before = 0;  // The state that it came from ...
        std::uint32_t index = 0;   // ... by this party ...
        std::uint32_t onto = 0;    // ... going into a team of so many.
        std::uint32_t players = 0;
    };

    void fill_exactly(const Teams& teams, std::span<const std::uint8_t> widths);
    void fill_greedily(const Teams& teams, std::span<const std::uint8_t> widths);
    void extend(std::uint32_t from, std::uint32_t index, std::uint32_t width, std::uint32_t most);
    void decode(std::uint32_t code, std::uint32_t most);
    std::uint32_t encode(std::uint32_t most);
    void seat_along(std::uint32_t state, const Teams& teams, std::span<const std::uint8_t> widths);

    std::vector<State> states_;
    std::vector<std::uint32_t> stamps_;  // By code: the call that reached it last.
    std::uint32_t stamp_ = 0;
    std::vector<std::uint32_t> players_;  // Of each team of the state that is looked at.
    std::vector<std::uint32_t> changed_;
    std::vector<Seat> seats_;
    std::vector<std::uint32_t> path_;
    std::uint32_t seated_ = 0;
    bool is_full_ = false;
};

}  // namespace gk::match
