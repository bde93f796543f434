#pragma once

#include <string>
#include <vector>

#include "base/value.hpp"
#include "programs/cli/api_client.hpp"

namespace gk::programs {

// "max_users=20" and its like as an object. `game` is the game as the API shows it: it says which settings are texts, so that a password of
// digits stays one. What does not fit its type is sent as it was typed, for the API to refuse. NAME=null takes a setting away.
Result<Value, CommandError> settings_of(const Value& game, const std::vector<std::string>& pairs);

}  // namespace gk::programs
