#pragma once

#include <optional>
#include <string_view>

#include "base/value.hpp"

namespace gk::wire {

// The value of a plain (unquoted) scalar by the core schema of YAML 1.2, chapter 10.3. Nothing for the infinities and NaN, which no
// document of ours can hold.
std::optional<Value> plain_scalar(std::string_view text);

}  // namespace gk::wire
