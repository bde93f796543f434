#pragma once

#include <optional>
#include <vector>

#include "domain/match/rules/rule_set.hpp"

namespace gk::match {

// Reads rules in our own, short language, which says what most games want in a few lines (docs/formats/match-rules.md):
//     size: 12                                 # or teams: {red: 5, blue: 5}; players of a match, or of each team
//     partial: {least: 2, after: 15s}          # fewer players are enough when the first of them has waited so long
//     same: [mode, map]                        # texts that all players share
//     near: {skill: {within: 100, grows: 20, most: 500}}   # each two in each other's window, which grows by so much a second
//     latency: {most: 80, relax: {10s: 120, 30s: 200}}     # milliseconds to a region that suits all
//     roles: {attribute: roles, places: {tank: 1, healer: 1, damage: 3}}   # in each team
//     balance: skill                           # teams are made equally strong by this number
//     defaults: {mode: ranked, skill: 1000}    # of players who do not say
// What comes out is what read_rules() would make of a document in the FlexMatch language. Never empty on success.
std::optional<std::vector<Stage>> read_native_rules(const Value& document, Errors& errors);

// Either language: a document with ruleLanguageVersion is one in that of FlexMatch.
std::optional<std::vector<Stage>> read_either_rules(const Value& document, Errors& errors);

}  // namespace gk::match
