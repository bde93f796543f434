#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

// The name of one wake, from the packet that asked for it to the first that was relayed: in the logs of the edge and of the control plane, in the
// operation and in what is told of the server. Sixteen hex digits: eleven of the milliseconds since 1970 at which that packet was believed, so
// that the moment goes wherever the name does, and five that chance chose.
namespace gk::wake {

std::string trace_of(Time heard, std::uint32_t chance);
// When that packet came. nullopt for anything else than trace_of() writes.
std::optional<Time> time_of_trace(std::string_view trace);

}  // namespace gk::wake
