#pragma once

#include "base/value.hpp"

// What differs between two declarations (objects in the words of orders), as a patch: a member for each one that differs, with its new value, null
// when it went. Settings and labels are compared member by member, everything else as a whole. The order of members means nothing.
namespace gk::app {

bool is_same_content(const Value& one, const Value& other);
Value changes_between(const Value& before, const Value& after);
Value with_changes(Value declaration, const Value& changes);
// Those of the changes whose member, setting or label is not among the others.
Value changes_without(const Value& changes, const Value& others);
// Those that take nothing away.
Value additions_in(const Value& changes);
inline bool is_empty(const Value& changes) { return changes.as_object() == nullptr || changes.as_object()->empty(); }

}  // namespace gk::app
