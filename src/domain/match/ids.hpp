#pragma once

#include "base/id.hpp"

namespace gk {

using TicketId = Id<struct TicketTag>;
using MatchId = Id<struct MatchTag>;  // "session_id" in the routes of the original.

}  // namespace gk
