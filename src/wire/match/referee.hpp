#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.hpp"
#include "wire/match/protocol.hpp"

namespace gk::wire::match {

// Why a match is over; words for logs and records.
enum class End : std::uint8_t {
    length_over,   // As long as was asked for.
    all_left,      // It ran, and its last player left.
    nobody_came,   // It was open, and nobody was there for `empty_time`.
    never_begun,   // People were there, and nobody asked for it for `open_time`.
    asked,         // Whoever started the server wants it to end.
};
inline constexpr auto end_names = std::to_array<std::string_view>({"length_over", "all_left", "nobody_came", "never_begun", "asked"});
constexpr std::span<const std::string_view> names_of(End) { return end_names; }

struct RefereeLimits {
    Milliseconds empty_time = std::chrono::seconds(60);  // While open and without anybody.
    Milliseconds open_time = std::chrono::minutes(10);   // While open, from the first who came.
};

// Decides when a match begins and ends. Knows no connections and no clock: it is told who comes and goes, and what time it is; times never go back.
//     open --request_match--> running --length over, last one left--> stop
//     open --empty too long, open too long--> stop;  any --asked--> stop
class Referee {
public:
    Referee(RefereeLimits limits, Time now) : limits_(limits), empty_since_(now) {}

    void joined(Time now);
    void left(Time now);
    // The first who asks decides: true when the match begins to run by this call.
    bool request(std::chrono::seconds length, Time now);
    // Time has passed; to be called at deadline().
    void tick(Time now);
    void stop();

    State state() const { return state_; }
    // 0 while open.
    std::chrono::seconds length() const { return length_; }
    std::size_t players() const { return players_; }
    // Set with the state `stop`.
    std::optional<End> end() const { return end_; }
    // When tick() has something to decide although nobody came or went. Nothing once it is over.
    std::optional<Time> deadline() const;

private:
    void finish(End end);

    RefereeLimits limits_;
    State state_ = State::open;
    std::chrono::seconds length_{0};
    std::size_t players_ = 0;
    Time empty_since_;
    std::optional<Time> open_since_;  // When the first one came.
    Time runs_until_{};
    std::optional<End> end_;
};

}  // namespace gk::wire::match
