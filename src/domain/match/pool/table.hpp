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

// What is kept of each ticket. A pass comes to tickets in the order of their numbers, which is no order in memory: what it then reads of each stands
// together in half a cache line, apart from the rest.
class Table {
public:
    struct alignas(32) Row {
        std::int64_t turn = 0;
        std::int64_t number = 0;
        std::uint32_t sequence = 0;  // In which order they were added: decides among equal turns.
        std::uint32_t generation = 0;
        std::uint32_t chunk = nowhere;  // Where in the line; belongs to Lines.
        std::uint8_t width = 1;         // Players.
        bool has_more = false;          // Something stands in `mores` of it.
        bool is_late = false;           // Whether somebody in its line had joined after it when it came.
        Standing standing = Standing::free;
    };
    static_assert(sizeof(Row) == 32);
    struct Rest {
        std::int64_t armed = nothing_armed;  // When its timer is due.
        std::uint64_t player = 0;            // Hash of the first one's name.
        std::uint32_t line = 0;
        std::uint32_t more = nowhere;        // Place in `mores`, when the row says that there is one.
    };
    // Of tickets of several players, or with block lists. Hashes of names; `blocked` is sorted.
    struct More {
        std::vector<std::uint64_t> others;  // Players but the first.
        std::vector<std::uint64_t> blocked;
    };
    // Columns that only some queues have.
    std::vector<std::vector<std::uint64_t>> near;      // For each latency limit, the regions within it as bits.
    std::vector<std::vector<std::uint16_t>> latency;   // For each region, in milliseconds; not_measured.
    std::vector<More> mores;
    std::size_t mores_used = 0;  // 0 when everybody came alone and plays with everybody.

    Row& operator[](std::uint32_t place) { return rows_[place]; }
    const Row& operator[](std::uint32_t place) const { return rows_[place]; }
    std::size_t size() const { return rows_.size(); }
    Rest& rest(std::uint32_t place) { return rests_[place]; }
    const Rest& rest(std::uint32_t place) const { return rests_[place]; }
    void grow();  // By one row.
    bool is_before(std::uint32_t a, std::uint32_t b) const {
        return rows_[a].turn != rows_[b].turn ? rows_[a].turn < rows_[b].turn : rows_[a].sequence < rows_[b].sequence;
    }
    Time joined(std::uint32_t place) const { return joined_at(rows_[place].turn); }
    void prefetch(std::uint32_t place) const { __builtin_prefetch(&rows_[place]); }
    std::size_t bytes() const;

private:
    std::vector<Row> rows_;
    std::vector<Rest> rests_;
};

}  // namespace gk::match
