#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/value.hpp"

namespace gk::net {

struct JsonLimits {
    std::size_t depth = 32;          // Of arrays and objects within one another.
    std::size_t size = 1024 * 1024;  // Bytes of the whole text.
};

struct JsonError {
    int line = 1;            // Line and column count from 1, in bytes.
    int column = 1;
    std::size_t offset = 0;  // Of the byte where reading ended.
    std::string message;     // Cause and cure, for people: "the name \"id\" stands twice in one object".
};

// Reads one RFC 8259 text that may come from anybody. Stricter than most parsers where leniency is a hole: a name that stands twice in an
// object, bytes that are not UTF-8, lone surrogates, bytes behind the value, numbers that overflow a double, and comments are refused.
Result<Value, JsonError> parse_json(std::string_view text, JsonLimits limits = {});

}  // namespace gk::net
