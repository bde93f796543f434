#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/enum_names.hpp"
#include "tests/sim/dice.hpp"

namespace gk::matchsim {

// How often things go wrong. Each seed switches whole families on or off, so that rare combinations meet without drowning in noise.
struct Faults {
    double error_before = 0;   // A call fails and nothing has happened.
    double reply_lost = 0;     // It has happened, and the caller hears "unavailable".
    double slow = 0;           // Seconds instead of milliseconds.
    double crash = 0;          // At a port call: before it, or between its effect and its reply.
    double killed = 0;         // For each minute: the control plane dies at whatever it waits for.
    double second = 0;         // For each minute: another control plane begins while the old one is still at work.
    double clock_jump = 0;     // For each minute: the calendar is put somewhere else.
    double start_fails = 0;
    double start_hangs = 0;
    double server_crash = 0;   // For each server: it ends while it waits or is played.
    double server_lost = 0;    // ... and nothing is left of it.
    double deaf = 0;           // A console command is not taken.
    double silent_player = 0;  // Does not ask after its ticket.
    double queue_change = 0;   // For each minute.

    static Faults for_seed(sim::Dice& dice) {
        const auto maybe = [&](double probability) { return dice.chance(0.5) ? probability : 0; };
        return {.error_before = maybe(0.02),
                .reply_lost = maybe(0.02),
                .slow = maybe(0.03),
                .crash = maybe(0.001),
                .killed = maybe(0.15),
                .second = maybe(0.1),
                .clock_jump = maybe(0.1),
                .start_fails = maybe(0.15),
                .start_hangs = maybe(0.1),
                .server_crash = maybe(0.2),
                .server_lost = maybe(0.1),
                .deaf = maybe(0.1),
                .silent_player = maybe(0.2),
                .queue_change = maybe(0.3)};
    }
};

// Defects that a run can be given, one at a time; plants_test.cpp proves that each is found by the rule that is about it.
enum class Plant : std::uint8_t {
    none,
    acknowledged_too_early,  // A join is answered and not always stored.
    put_back_unheard,        // Nobody is told that a ticket waits again.
    commit_blindly,          // A match is stored although somebody of it plays already.
    commit_unfenced,         // Matches of an older matchmaker are stored.
    cancelled_and_matched,   // A cancel is answered, and the ticket waits on.
    put_back_at_the_end,     // With the time of its return instead of that of its first join.
    over_and_back,           // A ticket that is over waits again.
    exit_unheard,            // Nobody is told that a server has ended, nor sees it.
    never_released,          // The server of a match that is over is not stopped.
    not_stored,              // What a server is for is forgotten.
    more_than_allowed,       // A fleet's server too much.
    not_told,                // A server never hears of its match, and says it did.
    event_lost,              // One is missing in the list.
    never_expires,
    end_forgotten,           // Somebody ends a match, is answered, and it goes on.
    left_behind,             // A server that was given up stays there.
    event_passed_over,       // Who follows the events is not told of one that is in the list.
    answers_overwritten,     // A player's answer takes that of another one away.
    removal_forgotten,       // A server that is gone stays stored.
    slots_given_twice,
    fewer_than_wanted,       // A fleet has no servers ahead.
    back_of_the_line,        // Who is put back is shown to the matchmaker as one who has just come.
};
inline constexpr auto plant_names = std::to_array<std::string_view>({"none",
                                                                     "acknowledged_too_early",
                                                                     "put_back_unheard",
                                                                     "commit_blindly",
                                                                     "commit_unfenced",
                                                                     "cancelled_and_matched",
                                                                     "put_back_at_the_end",
                                                                     "over_and_back",
                                                                     "exit_unheard",
                                                                     "never_released",
                                                                     "not_stored",
                                                                     "more_than_allowed",
                                                                     "not_told",
                                                                     "event_lost",
                                                                     "never_expires",
                                                                     "end_forgotten",
                                                                     "left_behind",
                                                                     "event_passed_over",
                                                                     "answers_overwritten",
                                                                     "removal_forgotten",
                                                                     "slots_given_twice",
                                                                     "fewer_than_wanted",
                                                                     "back_of_the_line"});
constexpr std::span<const std::string_view> names_of(Plant) { return plant_names; }

}  // namespace gk::matchsim
