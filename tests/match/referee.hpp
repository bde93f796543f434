#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/match/rules/rule_set.hpp"
#include "domain/match/ticket.hpp"

// Says whether a match is right, by reading the rule set again: slow, plain, and with nothing of the engine's own in it.
namespace gk::match {

struct Seat {
    const Ticket* ticket = nullptr;
    std::uint32_t team = 0;  // Teams of a quantity one after the other.
};

// What is wrong with a match that is made at `now` by the rules of one stage: names of rules, "size of TEAM", "block list". Empty: it is right.
std::vector<std::string> what_is_wrong(const RuleSet& rules, const std::vector<Seat>& seats, Time now);

// The rules that apply to these tickets at `now`, by the age that the rule set goes by.
const RuleSet& rules_for(const std::vector<Stage>& stages, const std::vector<Seat>& seats, Time now);

}  // namespace gk::match
