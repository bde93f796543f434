#pragma once

#include <string>
#include <vector>

#include "domain/match/engine.hpp"

namespace gk::api {

// Why a ticket still waits, in sentences: who keeps it from a match (what keeps out most comes first), when that changes, and how long it may take.
std::vector<std::string> in_words(const gk::match::Explanation& why);

}  // namespace gk::api
