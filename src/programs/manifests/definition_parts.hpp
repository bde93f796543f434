#pragma once

#include <string>
#include <string_view>

#include "base/value.hpp"

// What the CustomResourceDefinitions of our kinds have in common.
namespace gk::programs {

// CEL, in which a member named as one of its own words is written __so__; with the sentence that the API says for the same mistake.
Value rule(std::string_view expression, std::string_view message);
Value rule_at(std::string_view expression, std::string_view message, std::string_view path);

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
