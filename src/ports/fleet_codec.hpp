#pragma once

#include <string>

#include "base/decode.hpp"
#include "ports/fleet_store.hpp"

// The stored form of fleets and their servers. decode() reads what any released version wrote. Found by argument-dependent lookup.
namespace gk::fleet {

Value to_value(const Autopilot& autopilot);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Autopilot& out);
Value to_value(const Fleet& fleet);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Fleet& out);

}  // namespace gk::fleet
namespace gk {

Value to_value(const FleetServer& server);
bool decode(const Value& value, const std::string& pointer, Errors& errors, FleetServer& out);

}  // namespace gk
