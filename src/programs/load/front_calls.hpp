#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/value.hpp"
#include "programs/load/connections.hpp"
#include "programs/load/tally.hpp"

// What the fronts have in common.
namespace gk::programs {

inline constexpr std::chrono::seconds answer_limit(30);  // For an answer that is not held back.
inline constexpr std::chrono::seconds hold_time(25);     // How long an answer is held back at most.

struct FrontCall {
    std::string method = "GET";
    std::string target;
    std::string bearer;  // Empty: none.
    Value body;          // Null: none.
    std::vector<std::pair<std::string, std::string>> headers = {};
    LoadFault fault = LoadFault::join;  // What has failed when it does.
    Milliseconds limit = answer_limit;
};
// The document of a successful answer.
Task<Result<Value, LoadError>> call_front(Connections& connections, FrontCall call);

// Says that a match is over, at the route `target`.
Task<Result<Success, LoadError>> end_match(Connections& connections, std::string target, std::string bearer);

// Members of what came; empty or 0 when absent or of another type.
std::string text_of(const Value& object, std::string_view name);
std::uint16_t port_of(const Value& object, std::string_view name);

}  // namespace gk::programs
