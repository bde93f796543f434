#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.hpp"
#include "base/time.hpp"
#include "domain/match/ids.hpp"

namespace gk::match {

// claimed -> [accepting] -> placing -> assigned -> ended; any of the first three -> failed, which puts its tickets back.
enum class MatchState : std::uint8_t { claimed, accepting, placing, assigned, ended, failed };
inline constexpr auto match_state_names = std::to_array<std::string_view>({"claimed", "accepting", "placing", "assigned", "ended", "failed"});
constexpr std::span<const std::string_view> names_of(MatchState) { return match_state_names; }
constexpr bool is_over(MatchState state) { return state >= MatchState::ended; }
// Whether a match may go from one to the other; from a state to itself always, since every step may be repeated.
constexpr bool may_become(MatchState from, MatchState to) {
    return from == to || (!is_over(from) && to > from && !(from == MatchState::assigned && to == MatchState::failed));
}

struct Member {
    std::string player;
    TicketId ticket;
    std::string team;
    std::optional<bool> accepted;     // Absent: not asked, or not answered.
    std::optional<Time> left_at;      // Reported by the server or by itself; others may take the place.
    std::optional<Time> told_at{};    // When it was told where to connect.
    std::optional<Time> answer_by{};  // Of who came into a match that runs, where players are asked: until when it may accept.
    bool operator==(const Member&) const = default;
};

// Where the players connect.
struct MatchServer {
    std::string name;  // "game-server-" and the first 8 of the match's id, or a fleet's own name for it.
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const MatchServer&) const = default;
};

struct Match {
    MatchId id;
    std::string tenant = "default";
    std::string queue;
    MatchState state = MatchState::claimed;
    std::vector<Member> members;
    std::string region;               // That suits all of them; empty when nobody measured any.
    double quality = 0;               // 0 to 1, as the queue's rule set weighs it.
    std::optional<MatchServer> server;
    bool join_tokens = false;         // Its server asks players for the token that their ticket shows.
    std::uint32_t attempts = 0;       // Servers that were tried for it.
    std::optional<Time> deadline;     // Of the present state: acceptance, readiness of the server.
    std::uint32_t kept_at = 0;        // Others are taken in (backfill) while it has fewer players; 0: nobody is.
    std::optional<Time> kept_since;   // When that was said last.
    Time claimed_at{};
    std::optional<Time> assigned_at;
    std::optional<Time> ended_at;
    std::string end_reason;           // Stable word: "server_exited", "asked", "start_failed", "declined", "lost" ...
    Epoch epoch{};                    // Of the engine that proposed it.
    bool operator==(const Match&) const = default;
};

// Whether it came into a match that runs and has a place there, but does not play before it has accepted.
constexpr bool is_being_asked(const Member& member) { return member.answer_by && !member.told_at && !member.left_at; }
// As the players of this ticket are to see it: while they are being asked they do not know its server yet.
Match as_seen_by(Match match, TicketId ticket);

// Those who have not left.
std::uint32_t players_of(const Match& match);
// Players it would still take.
std::uint32_t open_slots(const Match& match);

}  // namespace gk::match
