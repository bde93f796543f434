#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "base/value.hpp"

// status.conditions, as every kind of the API has them (meta/v1 Condition).
namespace gk::kubernetes {

struct Condition {
    std::string type;
    std::string status;   // "True" or "False".
    std::string reason;   // One word in CamelCase, never empty.
    std::string message;  // A sentence, or empty.
    bool operator==(const Condition&) const = default;
};

// The conditions in a status; an empty list when there are none.
Value conditions_in(const Value& status);
std::optional<Condition> condition_in(const Value& conditions, std::string_view type);
// The list with this condition in it. When it became what it is stays, as long as its status does.
Value with_condition(Value conditions, const Condition& condition, Time now);

// "backup_failed" as "BackupFailed", and back. Our codes have letters, digits and single underscores only.
std::string camel_case(std::string_view code);
std::string snake_case(std::string_view reason);

}  // namespace gk::kubernetes
