#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "domain/match/rules/rule_set.hpp"

namespace gk::match {

// Something that a rule set may say, and that its author hardly means.
struct Advice {
    std::string about;  // A rule, an attribute, or "teams".
    std::string text;   // Cause and cure.
    bool operator==(const Advice&) const = default;
};
// `ticket_ttl`: how long the queue's tickets wait.
std::vector<Advice> advice_on(std::span<const Stage> stages, Milliseconds ticket_ttl);

// Because of what these rules need Search, which looks at tickets one by one: names of rules, or "teams" or "algorithm". Empty: Pool answers them.
std::vector<std::string> what_needs_search(std::span<const Stage> stages);

}  // namespace gk::match
