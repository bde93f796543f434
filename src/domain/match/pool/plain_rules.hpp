#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/match/rules/rule_set.hpp"

namespace gk::match {

// Rules that sorted lines of tickets answer (Pool): who plays together has the same of some attributes, lies near in one number, and has a region
// in common; teams are alike. Numbers in thousandths (table.hpp).
struct PlainRules {
    static constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max() / 4;
    static constexpr std::uint32_t any_latency = std::numeric_limits<std::uint32_t>::max();

    // All players have the same of this attribute. A number counts for a party as `party` says.
    struct Same {
        std::string rule;
        PlayerAttribute attribute;
        PartyAggregation party = PartyAggregation::avg;
    };
    struct Number {
        std::string rule;
        PlayerAttribute attribute;
        PartyAggregation party = PartyAggregation::avg;
    };
    // How far to either side of a ticket the others may lie.
    struct Growth {
        std::int64_t base = 0;
        std::int64_t each_second = 0;
        std::int64_t most = no_limit;
        bool operator==(const Growth&) const = default;
    };
    struct Step {
        Milliseconds from{};
        std::uint32_t team_least = 1;            // Players of each team.
        std::uint32_t team_most = 1;
        std::int64_t spread = no_limit;          // From the least to the greatest number of a match.
        std::uint32_t latency = any_latency;     // Milliseconds.
        std::uint32_t limit = 0;                 // Its place among the different latencies of all steps.
        bool operator==(const Step&) const = default;
    };

    std::vector<std::string> teams;
    std::vector<Same> same;
    std::optional<Number> number;
    std::optional<Growth> window;
    std::string latency_rule;
    PartyAggregation latency_party = PartyAggregation::avg;
    std::vector<Step> steps;    // By age; each allows what the one before allows.
    bool is_by_oldest = false;  // Whose age counts for a match: that of its oldest ticket, else that of its newest.
    Algorithm::BackfillPriority backfill = Algorithm::BackfillPriority::normal;
};

// None: these rules need Search.
std::optional<PlainRules> plain_rules(std::span<const Stage> stages);

}  // namespace gk::match
