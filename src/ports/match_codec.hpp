#pragma once

#include <string>

#include "base/decode.hpp"
#include "ports/match_store.hpp"

// Documents of those types of the MatchStore that have no codec in the domain. Found by argument-dependent lookup, hence in gk.
namespace gk {

Value to_value(const QueueRating& rating);
// What people write too: unknown members are errors.
bool decode(const Value& value, const std::string& pointer, Errors& errors, QueueRating& out);
Value to_value(const QueueRecord& queue);
bool decode(const Value& value, const std::string& pointer, Errors& errors, QueueRecord& out);
Value to_value(const PlayerRating& rating);
bool decode(const Value& value, const std::string& pointer, Errors& errors, PlayerRating& out);

}  // namespace gk
