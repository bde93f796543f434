#pragma once

#include <string>
#include <string_view>

#include "base/value.hpp"

namespace gk::kubernetes {

inline constexpr std::string_view budget_name = "gamekeeper-worlds";

// The disruption budget of all worlds in a namespace, for games as for programs beside them: it asks for more pods than there can be. A share would
// be reckoned from what controllers want, and a world that is being paused wants none.
Value space_budget(const std::string& space);

}  // namespace gk::kubernetes
