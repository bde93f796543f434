#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_names.hpp"
#include "base/time.hpp"

// When a world goes to sleep because nobody plays. All times are of one clock that never jumps.
namespace gk::wake {

struct IdleRule {
    std::optional<Milliseconds> after;  // So long without anybody; absent: never.
    Milliseconds notice{};              // So long before, those in the game are told; 0: nobody can be told, or nobody wants it.
    bool operator==(const IdleRule&) const = default;
};
// What keeps a world up although nobody plays.
struct KeepFor {
    bool console = false;  // Somebody has its console open.
    bool files = false;    // Its files are read or written by somebody.
    bool operator==(const KeepFor&) const = default;
};

// A number of players that is not known for longer than this may hide somebody who came and went.
inline constexpr Milliseconds gap_most = std::chrono::minutes(1);

// Why a world is awake.
enum class Awake : std::uint8_t { never_sleeps, players, sessions, players_unknown, at_work, not_idle_long, console, files };
inline constexpr auto awake_names =
    std::to_array<std::string_view>({"never_sleeps", "players", "sessions", "players_unknown", "at_work", "not_idle_long", "console", "files"});
constexpr std::span<const std::string_view> names_of(Awake) { return awake_names; }

// What one look at a running game found.
struct IdleSample {
    Time at{};
    Time ready_at{};              // Since when players can join: what was before does not count.
    std::optional<int> players;   // As the game says, by its query or its log; absent: not known, which is not the same as nobody.
    std::optional<int> sessions;  // At the edge, of which each is more than noise. Only asked where the game does not say; absent: not known either.
    bool is_at_work = false;  // A request is under way, which a pause would cut short.
    std::optional<Awake> kept = std::nullopt;  // Somebody is busy with it who does not play: `console` or `files`.
};

// What is remembered of a world between two looks, and shown to people.
struct Idle {
    Awake because = Awake::players_unknown;
    int there = 0;  // Players or sessions, where they are why it is awake.
    std::optional<Time> quiet_since;  // Nobody has been there since; absent: somebody is, or it is not known.
    std::optional<Time> known_at;  // When it was last known how many are there.
    std::optional<Time> told_at;  // When those in the game were told of the sleep that is to come.
    std::optional<Time> sleeps_at;  // When it goes to sleep if nothing changes; absent: it does not.
    bool operator==(const Idle&) const = default;
};

struct IdleLook {
    enum class Act : std::uint8_t { none, tell, sleep };
    Idle idle;
    Act act = Act::none;
};
// The next look at a world. Whoever is to be told has all of the rule's notice, also when the look that found it came late. What is not known puts
// a sleep off, and begins the wait anew when it lasts.
IdleLook look_at(const Idle& before, const IdleRule& rule, const IdleSample& sample);

// For people: "2 players are on".
std::string text_of(const Idle& idle);

}  // namespace gk::wake
