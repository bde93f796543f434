#pragma once

#include <string>

#include "base/decode.hpp"
#include "base/value.hpp"
#include "domain/vault/snapshot.hpp"

namespace gk::vault {

// The document of a snapshot in our catalogue. decode() reads what any released version wrote and passes over members it does not know.
Value to_value(const Snapshot& snapshot);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Snapshot& out);

}  // namespace gk::vault
