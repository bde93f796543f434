#pragma once

#include <vector>

#include "domain/match/rules/filler.hpp"

namespace gk::match {

// Puts candidates in the order in which they are tried with `subject`: as the level's sorts say, the first sort first. Who is equal in all of them
// stays in the order given.
void order_for(const Level& level, const Profile& subject, std::vector<Candidate>& candidates);

}  // namespace gk::match
