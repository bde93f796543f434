#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/match/rules/rule_set.hpp"

namespace gk::match {

// One entry of `rules`. The names of all rules are known, so that a compound may stand before its parts.
struct RuleReading {
    const Vocabulary& vocabulary;
    const std::vector<std::string>& rule_names;
};
std::optional<Rule> read_rule(const Value& value, const std::string& pointer, Errors& errors, const RuleReading& reading);

}  // namespace gk::match
