#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/time.hpp"

namespace gk::match {

inline constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

inline constexpr std::int64_t nothing_armed = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint16_t not_measured = std::numeric_limits<std::uint16_t>::max();

// Whose turn it is: the lesser comes first. Priority decides, then how long it waits.
constexpr int turn_bits = 44;  // Milliseconds until the year 2527.
constexpr std::int64_t turn_of(std::int32_t priority, Time joined_at) {
    constexpr std::int32_t most = 1 << 18;
    return -std::int64_t{std::clamp(priority, -most, most)} * (std::int64_t{1} << turn_bits) + joined_at.time_since_epoch().count();
}
constexpr Time joined_at(std::int64_t turn) { return Time(Milliseconds(turn & ((std::int64_t{1} << turn_bits) - 1))); }

// Numbers of players are counted in thousandths, to the nearest, up to a thousand million: comparing and adding them is exact and the same
// everywhere.
constexpr std::int64_t thousandths(double number) {
    constexpr double most = 1e9;
    const double scaled = std::clamp(number, -most, most) * 1000;
    return static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

enum class Standing : std::uint8_t { free, waiting, proposed };

// What is kept of each ticket: a row over all columns.
struct Table {
    // Of tickets of several players, or with block lists. Hashes of names; `blocked` is sorted.
    struct More {
        std::vector<std::uint64_t> others;  // Players but the first.
        std::vector<std::uint64_t> blocked;
    };

    std::vector<std::int64_t> turn;
    std::vector<std::int64_t> number;
    std::vector<std::uint64_t> player;       // Hash of the first one's name.
    std::vector<std::uint32_t> sequence;     // In which order they were added: decides among equal turns.
    std::vector<std::uint32_t> generation;
    std::vector<std::uint32_t> line;
    std::vector<std::uint32_t> chunk;        // Where in the line; belongs to Lines.
    std::vector<std::uint32_t> more;         // Place in `mores`, or nowhere.
    std::vector<std::int64_t> armed;         // When its timer is due; nothing_armed: it has none.
    std::vector<std::uint8_t> width;         // Players.
    std::vector<std::uint8_t> is_late;       // Whether somebody in its line had joined after it when it came.
    std::vector<Standing> standing;
    std::vector<std::vector<std::uint64_t>> near;      // For each latency limit, the regions within it as bits.
    std::vector<std::vector<std::uint16_t>> latency;   // For each region, in milliseconds; not_measured.
    std::vector<More> mores;

    std::size_t size() const { return turn.size(); }
    // One more row, with a generation of 0.
    void grow();
    std::size_t bytes() const;
    bool is_before(std::uint32_t a, std::uint32_t b) const { return turn[a] != turn[b] ? turn[a] < turn[b] : sequence[a] < sequence[b]; }
    Time joined(std::uint32_t place) const { return joined_at(turn[place]); }
};

}  // namespace gk::match
