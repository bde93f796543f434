#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/value.hpp"

// Reading what the API sent; whatever is absent or of another type is empty.
namespace gk::programs {

std::string text_at(const Value& object, std::string_view key);
std::optional<std::int64_t> number_at(const Value& object, std::string_view key);
// As text; empty when it is absent.
std::string count_at(const Value& object, std::string_view key);
// A whole number too: JSON writes it without a point.
std::optional<double> real_at(const Value& object, std::string_view key);
// The "items" of a list.
const Value::Array& items_of(const Value& list);
// A list's or object's member, or an empty one.
const Value& member(const Value& object, std::string_view key);

}  // namespace gk::programs
