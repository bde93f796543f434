#pragma once

#include <string>

#include "base/value.hpp"

namespace gk::wire {

// A document as block YAML, ending in a line break: what parse_yaml() and every other YAML 1.2 reader reads back to the same value. Texts are
// plain where all readers, those of YAML 1.1 too, take them for texts, else quoted as in JSON.
std::string write_yaml(const Value& value);

}  // namespace gk::wire
