#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/enum_names.hpp"
#include "base/time.hpp"
#include "domain/match/ids.hpp"

namespace gk::match {

// What a player brings along for the rules. The alternatives stand in the order of AttributeType.
using AttributeValue = std::variant<double, std::string, std::vector<std::string>, std::map<std::string, double>>;

struct Player {
    std::string id;  // 1 to 128 characters, unique among the players of a tenant.
    std::map<std::string, AttributeValue> attributes;
    std::map<std::string, std::uint32_t> latencies;  // Milliseconds to each region that was measured.
    std::vector<std::string> blocked;                // Players with whom this one is never matched; it holds both ways.
    bool operator==(const Player&) const = default;
};

// How a ticket is stored. What its match does while it is `matched` is the match's to say (docs/adr/0025).
enum class TicketState : std::uint8_t { queued, matched, ended, cancelled, expired, failed };
inline constexpr auto ticket_state_names = std::to_array<std::string_view>({"queued", "matched", "ended", "cancelled", "expired", "failed"});
constexpr std::span<const std::string_view> names_of(TicketState) { return ticket_state_names; }
constexpr bool is_over(TicketState state) { return state > TicketState::matched; }

// One player or a party, waiting in one or several queues at once: the first match takes it out of all of them.
struct Ticket {
    TicketId id;
    std::string tenant = "default";
    std::vector<std::string> queues;  // At least one.
    std::vector<Player> players;      // At least one; together they are never split.
    std::int32_t priority = 0;        // Higher is tried first; waiting decides among equals.
    Time joined_at{};                 // Since when it waits: kept when a failed match puts it back.
    Time expires_at{};
    Time seen_at{};                   // When one of its players was last heard of, to some seconds.
    TicketState state = TicketState::queued;
    std::optional<MatchId> match;
    std::string reason;               // Stable word for why it is over or was put back: "no_opponents", "server_failed", "silent" ...
    std::uint32_t put_back = 0;       // How often a match of it failed.
    bool operator==(const Ticket&) const = default;
};

}  // namespace gk::match
