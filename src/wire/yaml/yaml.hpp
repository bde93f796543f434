#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/value.hpp"

// YAML 1.2 documents, as people write them for configuration and game definitions.
namespace gk::wire {

struct YamlLimits {
    std::size_t size_max_bytes = 1 << 20;
    int depth_max = 32;  // A scalar at the top has depth 0, each list or object around it adds one.
};

// Where reading stopped; line and column count from 1.
struct YamlError {
    int line = 1;
    int column = 1;
    std::string message;  // A sentence with cause and cure, without the place.
    bool operator==(const YamlError&) const = default;
};

// Reads one document of UTF-8 text. Every value, keys' values too, carries the mark of its first character.
// Plain scalars follow the core schema of YAML 1.2 (null, true, false, integers, decimals; "yes" and "no" are texts); quoted and block
// scalars are always texts. Refused, because nothing here needs them and each has hurt somebody: duplicate keys, anchors and aliases, tags,
// several documents, keys that are no scalars, infinities. An empty document is null.
Result<Value, YamlError> parse_yaml(std::string_view text, YamlLimits limits = {});

}  // namespace gk::wire
