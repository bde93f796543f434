#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gk::server {

// A taint of nodes that a game of a cluster may run on all the same.
struct Toleration {
    std::string key;
    std::optional<std::string> value;  // Absent: whatever the taint's is.
    std::string effect;                // NoSchedule, PreferNoSchedule or NoExecute; empty: all of them.
    bool operator==(const Toleration&) const = default;
};

// "KEY[=VALUE][:EFFECT]", as `kubectl taint` writes the taint that it is for, within the bounds that Kubernetes sets for it; or what is wrong with
// it, as a sentence.
Result<Toleration, std::string> parse_toleration(std::string_view text);

}  // namespace gk::server
