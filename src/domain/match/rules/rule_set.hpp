#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/decode.hpp"
#include "base/time.hpp"
#include "domain/match/rules/expression.hpp"

// Rule sets in the FlexMatch rule language, as documents say them, and what our own language (native.hpp) has beyond it. Nothing is decided here.
// Source: Amazon GameLift Servers, FlexMatch developer guide, "FlexMatch rule set schema" and "FlexMatch rule types".
namespace gk::match {

// How the players of a party count as one.
enum class PartyAggregation : std::uint8_t { avg, min, max };
inline constexpr auto party_aggregation_names = std::to_array<std::string_view>({"avg", "min", "max"});
constexpr std::span<const std::string_view> names_of(PartyAggregation) { return party_aggregation_names; }

enum class PartyLists : std::uint8_t { as_union, as_intersection };
inline constexpr auto party_lists_names = std::to_array<std::string_view>({"union", "intersection"});
constexpr std::span<const std::string_view> names_of(PartyLists) { return party_lists_names; }

enum class Comparing : std::uint8_t { less, at_most, equal, unequal, more, at_least };
inline constexpr auto comparing_names = std::to_array<std::string_view>({"<", "<=", "=", "!=", ">", ">="});
constexpr std::span<const std::string_view> names_of(Comparing) { return comparing_names; }

// Every measurement against the reference; without one, the measurements against each other (only = and !=).
struct Comparison {
    std::vector<Expression> measurements;
    std::optional<Expression> reference;
    Comparing operation = Comparing::equal;
    PartyAggregation party = PartyAggregation::avg;
};

// Every measurement is at least and at most so far from the reference.
struct Distance {
    std::vector<Expression> measurements;
    Expression reference;
    std::optional<double> least;
    std::optional<double> most;
    PartyAggregation party = PartyAggregation::avg;
};

// All tickets of a match lie within this span; strings are the same.
struct BatchDistance {
    std::string attribute;
    bool is_text = false;
    std::optional<double> least;
    std::optional<double> most;
    PartyAggregation party = PartyAggregation::avg;
};

struct Collection {
    enum class Operation : std::uint8_t {
        intersection,                  // How many strings all lists of the measurement share.
        contains,                      // How often the reference stands in the list.
        reference_intersection_count,  // How many strings of the reference each list has.
    };
    std::vector<Expression> measurements;
    std::optional<Expression> reference;  // None for intersection.
    Operation operation = Operation::contains;
    std::optional<std::int64_t> least;
    std::optional<std::int64_t> most;
    PartyLists party = PartyLists::as_union;
};
inline constexpr auto collection_names = std::to_array<std::string_view>({"intersection", "contains", "reference_intersection_count"});
constexpr std::span<const std::string_view> names_of(Collection::Operation) { return collection_names; }

// In at least one region, every ticket is near enough to it, and near enough to the reference of all.
struct Latency {
    enum class Reference : std::uint8_t { min, avg };
    std::optional<double> most;           // Milliseconds.
    std::optional<double> distance_most;  // From the reference.
    Reference reference = Reference::avg;
    PartyAggregation party = PartyAggregation::avg;
};
inline constexpr auto latency_reference_names = std::to_array<std::string_view>({"min", "avg"});
constexpr std::span<const std::string_view> names_of(Latency::Reference) { return latency_reference_names; }

// In which order tickets are tried with the oldest one. They never keep anybody out.
struct Sort {
    enum class Kind : std::uint8_t { absolute, distance };  // By their own value, or by how far it is from the oldest one's.
    enum class Direction : std::uint8_t { ascending, descending };
    enum class MapKey : std::uint8_t { min_value, max_value };  // Of a map: the key with the oldest one's least or greatest value.
    Kind kind = Kind::absolute;
    Direction direction = Direction::ascending;
    std::string attribute;
    std::optional<MapKey> map_key;
    PartyAggregation party = PartyAggregation::avg;
};
inline constexpr auto direction_names = std::to_array<std::string_view>({"ascending", "descending"});
constexpr std::span<const std::string_view> names_of(Sort::Direction) { return direction_names; }
inline constexpr auto map_key_names = std::to_array<std::string_view>({"minValue", "maxValue"});
constexpr std::span<const std::string_view> names_of(Sort::MapKey) { return map_key_names; }

// Other rules by their place in the rule set, joined by words. The last node is the whole statement.
struct Compound {
    enum class Word : std::uint8_t { rule, all, any, none, exactly_one };
    struct Node {
        Word word = Word::rule;
        std::size_t rule = 0;             // When it is one.
        std::vector<std::size_t> parts;  // Else: nodes before this one.
    };
    std::vector<Node> nodes;
};

// Not of FlexMatch: every two tickets lie in each other's window, which grows while a ticket waits.
struct Window {
    std::string attribute;
    double base = 0;                  // To either side, from the start.
    double growth = 0;                // More of it with each second of waiting.
    std::optional<double> most;       // At most so wide.
    PartyAggregation party = PartyAggregation::avg;
};

// Not of FlexMatch: in each team, every player can get a role of those that he would take, and nobody's role is taken twice.
struct Roles {
    struct Role {
        std::string name;
        std::uint32_t places = 1;     // In each team.
    };
    std::string attribute;            // A list of strings: the roles that the player would take.
    std::vector<Role> roles;          // At most roles_limit.
};
inline constexpr std::size_t roles_limit = 12;

using RuleBody = std::variant<Comparison, Distance, BatchDistance, Collection, Latency, Sort, Compound, Window, Roles>;
struct Rule {
    std::string name;
    RuleBody body;
    bool is_part = false;  // Of a compound: not enforced on its own.
};

struct Team {
    std::string name;
    std::uint32_t least = 1;     // Players.
    std::uint32_t most = 1;
    std::uint32_t quantity = 1;  // So many of them; more than one are called name_1, name_2 ...
};

struct Algorithm {
    enum class Strategy : std::uint8_t { exhaustive_search, balanced };
    enum class Batching : std::uint8_t { random, sorted, largest_population, fastest_region };
    enum class Age : std::uint8_t { newest, oldest };  // Whose waiting time opens the expansions of a match.
    enum class BackfillPriority : std::uint8_t { normal, low, high };
    Strategy strategy = Strategy::exhaustive_search;
    Batching batching = Batching::random;
    std::vector<std::string> sort_by;
    std::string balanced_attribute;
    Age expansion_age = Age::newest;
    BackfillPriority backfill_priority = BackfillPriority::normal;
};
inline constexpr auto strategy_names = std::to_array<std::string_view>({"exhaustiveSearch", "balanced"});
constexpr std::span<const std::string_view> names_of(Algorithm::Strategy) { return strategy_names; }
inline constexpr auto batching_names = std::to_array<std::string_view>({"random", "sorted", "largestPopulation", "fastestRegion"});
constexpr std::span<const std::string_view> names_of(Algorithm::Batching) { return batching_names; }
inline constexpr auto expansion_age_names = std::to_array<std::string_view>({"newest", "oldest"});
constexpr std::span<const std::string_view> names_of(Algorithm::Age) { return expansion_age_names; }
inline constexpr auto backfill_priority_names = std::to_array<std::string_view>({"normal", "low", "high"});
constexpr std::span<const std::string_view> names_of(Algorithm::BackfillPriority) { return backfill_priority_names; }

struct PlayerAttribute {
    std::string name;
    AttributeType type = AttributeType::number;
    std::optional<Value> fallback;  // For players who bring none.
};

// What holds at one age.
struct RuleSet {
    std::string name;
    std::vector<PlayerAttribute> attributes;
    Algorithm algorithm;
    std::vector<Team> teams;
    std::vector<Rule> rules;
};

// A rule set with its expansions carried out: the first stage holds from the start, each other one from its age on, until the next. Ages are
// absolute.
struct Stage {
    Milliseconds from{};
    RuleSet rules;
};

// What a document says of one of these, checked in itself.
bool decode(const Value& value, const std::string& pointer, Errors& errors, PlayerAttribute& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Team& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Algorithm& out);

// Reads a document and all its expansions. What is wrong is said with a pointer into the document, everything at once. Never empty on success.
std::optional<std::vector<Stage>> read_rules(const Value& document, Errors& errors);

// The smallest and the greatest number of players of a match.
std::uint32_t players_least(const RuleSet& rules);
std::uint32_t players_most(const RuleSet& rules);

inline constexpr std::uint32_t players_limit = 200;

}  // namespace gk::match
