#pragma once

#include <string>
#include <string_view>

#include "base/value.hpp"

// What the CustomResourceDefinitions of our kinds have in common.
namespace gk::programs {

// CEL, in which a member named as one of its own words is written __so__; with the sentence that the API says for the same mistake.
Value rule(std::string_view expression, std::string_view message);
Value rule_at(std::string_view expression, std::string_view message, std::string_view path);
// With a sentence that CEL makes; an empty path: of the schema itself. Numbers cannot stand in one: the API server finds their texts too costly.
Value rule_saying(std::string_view expression, std::string_view message_expression, std::string_view path);

// Of a text that is a duration as the API reads it (base/time.hpp); it needs a maxLength.
inline constexpr std::string_view duration_form = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
Value duration_rule();

Value column(std::string_view name, std::string_view type, std::string_view path);
Value wide_column(std::string_view name, std::string_view type, std::string_view path);

Value text_schema();
Value number_schema();
Value open_schema();
Value conditions_schema();
Value metadata_schema();

// A member that is there, to be changed; find() is for reading.
Value& member_of(Value& object, std::string_view name);

// How a kind is described: its objects are as `schema` says, kubectl shows `columns` of them; what people scale is at `scaled` (empty: nothing).
struct Definition {
    Value names;
    Value schema;
    Value columns;
    std::string scaled;
};
// Each kind has one version, a status of its own, and tells in it how many there are when it can be scaled.
Value definition(Definition kind);

}  // namespace gk::programs
