#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/value.hpp"
#include "domain/match/rules/rule_set.hpp"

namespace gk::app {

struct QueueRules {
    std::vector<match::Stage> stages;  // Never empty.
    Milliseconds acceptance{};         // How long players may take to accept a match; zero: they are not asked.
};

// A queue's rules from its document, in either form. The error is a list of sentences in one line, each with its place.
Result<QueueRules, std::string> queue_rules(const Value& document);

}  // namespace gk::app
