#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.hpp"
#include "base/result.hpp"

// Property expressions of the FlexMatch rule language: "avg(flatten(teams[*].players.attributes[skill]))".
// Source: Amazon GameLift Servers, FlexMatch developer guide, "FlexMatch property expressions".
namespace gk::match {

// What a player may bring along for the rules.
enum class AttributeType : std::uint8_t { number, string, string_list, string_number_map };
inline constexpr auto attribute_type_names = std::to_array<std::string_view>({"number", "string", "string_list", "string_number_map"});
constexpr std::span<const std::string_view> names_of(AttributeType) { return attribute_type_names; }

// All work on the innermost lists, so that a team's players stay together until flatten: avg(teams[*].players.attributes[skill]) is one number
// for each team.
enum class Aggregate : std::uint8_t { min, max, avg, median, sum, count, stddev, flatten, set_intersection };
inline constexpr auto aggregate_names =
    std::to_array<std::string_view>({"min", "max", "avg", "median", "sum", "count", "stddev", "flatten", "set_intersection"});
constexpr std::span<const std::string_view> names_of(Aggregate) { return aggregate_names; }

// Numbers or strings, alone (depth 0) or in lists within lists.
struct Shape {
    bool is_text = false;
    int depth = 0;
    bool operator==(const Shape&) const = default;
};

struct Expression {
    enum class Leaf : std::uint8_t {
        number,     // `number`.
        text,       // `text`.
        players,    // The players of the teams, for count().
        player_id,  // Their ids.
        attribute,  // Their attribute `text`.
    };
    std::vector<Aggregate> aggregates;  // The innermost, which is done first, stands first.
    Leaf leaf = Leaf::number;
    double number = 0;
    std::string text;
    std::vector<std::string> teams;  // Empty: all of them. One name gives a list of players, several and "*" a list of such lists.
    bool is_one_team = false;
    bool operator==(const Expression&) const = default;
};

// Names that an expression may use, and the type behind each.
struct Vocabulary {
    struct Attribute {
        std::string name;
        AttributeType type;
    };
    std::vector<Attribute> attributes;
    std::vector<std::string> teams;
};

// Reads an expression and checks it: every name is known, every aggregate gets what it can work on. The error is a sentence with cause and cure.
struct Parsed {
    Expression expression;
    Shape shape;  // Of what it yields.
};
Result<Parsed, std::string> parse_expression(std::string_view source, const Vocabulary& vocabulary);

}  // namespace gk::match
