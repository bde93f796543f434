#pragma once

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

Value definition(const Value& names, const Value& version);

}  // namespace gk::programs
