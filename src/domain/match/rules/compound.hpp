#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/match/rules/rule_set.hpp"

namespace gk::match {

// "or(and(Serious, Close), Casual)": and, or, not, xor around names of rules. The error is a sentence with cause and cure.
Result<Compound, std::string> parse_statement(std::string_view source, const std::vector<std::string>& rule_names);

}  // namespace gk::match
