#pragma once

#include "base/decode.hpp"
#include "domain/server/types.hpp"

namespace gk::server {

// The stored form of a port, in a record and wherever else a reservation is kept.
Value to_value(const PortBinding& binding);
bool decode(const Value& value, const std::string& pointer, Errors& errors, PortBinding& out);

}  // namespace gk::server
