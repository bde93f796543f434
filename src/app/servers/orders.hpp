#pragma once

#include <string>

#include "app/servers/servers.hpp"
#include "base/decode.hpp"

// Orders as people write them: request bodies of contract section 4 and the spec of a GameServer use the same words. Every error of a document is
// reported at once; unknown members are errors.
namespace gk::app {

bool decode(const Value& value, const std::string& pointer, Errors& errors, CreateOrder& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, PatchOrder& out);

}  // namespace gk::app
