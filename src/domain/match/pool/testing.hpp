#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/match/engine.hpp"

// What the tests of the engine's parts have in common: short ways to write rule sets and tickets.
namespace gk::match::testing {

inline constexpr Time start{Milliseconds(1'800'000'000'000)};

inline RuleSet rules_of(std::vector<Team> teams, std::vector<Rule> rules = {}) {
    RuleSet set{.name = "test", .attributes = {}, .algorithm = {}, .teams = std::move(teams), .rules = std::move(rules)};
    set.attributes.push_back({.name = "skill", .type = AttributeType::number, .fallback = std::nullopt});
    set.attributes.push_back({.name = "mode", .type = AttributeType::string, .fallback = Value("any")});
    return set;
}
inline RuleSet of_size(std::uint32_t least, std::uint32_t most) { return rules_of({{.name = "players", .least = least, .most = most}}); }
inline std::vector<Team> two_teams_of(std::uint32_t players) {
    return {{.name = "red", .least = players, .most = players}, {.name = "blue", .least = players, .most = players}};
}

inline Rule skill_within(double most) { return {.name = "NearSkill", .body = BatchDistance{.attribute = "skill", .most = most}}; }
inline Rule same_mode() { return {.name = "SameMode", .body = BatchDistance{.attribute = "mode", .is_text = true}}; }
inline Rule latency_at_most(double most) { return {.name = "NearRegion", .body = Latency{.most = most}}; }

struct Join {
    std::string player;
    double skill = 1500;
    std::string mode = "any";
    std::uint32_t players = 1;
    Milliseconds at{};  // After `start`.
    std::int32_t priority = 0;
    std::map<std::string, std::uint32_t> latencies;
    std::vector<std::string> blocked;
};
inline Ticket ticket_of(const Join& join) {
    Ticket ticket{.queues = {"ranked"}, .priority = join.priority, .joined_at = start + join.at};
    for (std::uint32_t i = 0; i < join.players; ++i) {
        Player player{.id = i == 0 ? join.player : join.player + "+" + std::to_string(i), .latencies = join.latencies, .blocked = join.blocked};
        player.attributes["skill"] = join.skill;
        player.attributes["mode"] = join.mode;
        ticket.players.push_back(std::move(player));
    }
    return ticket;
}

}  // namespace gk::match::testing
