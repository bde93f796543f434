#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "base/time.hpp"
#include "base/value.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::wire::kubernetes {

// An Event (events.k8s.io/v1): what people read in `kubectl describe`.
struct Report {
    std::string reason;  // "WorldSaved": one word for programs.
    std::string note;    // A sentence; the API takes 1024 bytes.
    bool is_warning = false;
    std::string action;  // What was being done: "Backup".
};
// About an object that was read (its kind, key, uid and version are taken from it). `instance` is the process that says so; `suffix` makes the
// name one of its own.
Value report_document(const Value& about, const Report& report, Time now, const std::string& instance, const std::string& suffix);

// TokenReview (authentication.k8s.io/v1).
struct TokenOwner {
    bool is_known = false;
    std::string name;
    std::string uid;
    std::vector<std::string> groups;
    std::string why_not;
};
Value token_review_document(const Secret& token);
TokenOwner token_owner_of(const Value& review);

}  // namespace gk::wire::kubernetes
