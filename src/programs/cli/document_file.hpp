#pragma once

#include <string>

#include "base/value.hpp"
#include "programs/cli/commands.hpp"

namespace gk::programs {

// The bytes of a file; "-" is standard input.
Result<std::string, CommandError> read_file(const std::string& file);
// The YAML document in it, of which JSON is a part.
Result<Value, CommandError> read_document(const std::string& file);
Result<Success, CommandError> write_file(const std::string& file, const std::string& text);

}  // namespace gk::programs
