#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/value.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::wire::kubernetes {

// One frame of a watch.
struct WatchEvent {
    // added, modified, deleted: `object` as it is, or was at last. bookmark: only its version counts. error: `object` is a Status.
    enum class Kind : std::uint8_t { added, modified, deleted, bookmark, error };
    Kind kind;
    ObjectPtr object;
};

// The error is a sentence.
Result<WatchEvent, std::string> watch_event_of(const Value& frame);

}  // namespace gk::wire::kubernetes
