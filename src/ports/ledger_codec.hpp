#pragma once

#include <string>

#include "base/decode.hpp"
#include "ports/ledger.hpp"

// Documents of those types of the Ledger that have no codec in the domain. Found by argument-dependent lookup, hence in gk.
namespace gk {

Value to_value(const ApiKey& key);
bool decode(const Value& value, const std::string& pointer, Errors& errors, ApiKey& out);
Value to_value(const KeptWorld& world);
bool decode(const Value& value, const std::string& pointer, Errors& errors, KeptWorld& out);

}  // namespace gk
