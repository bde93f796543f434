// The words of tickets and matches, as people see them.

#include <gtest/gtest.h>

#include "domain/match/engine.hpp"
#include "ports/match_store.hpp"

namespace gk::match {
namespace {

TEST(Match, GoesForwardOnly) {
    EXPECT_TRUE(may_become(MatchState::claimed, MatchState::placing));  // Without acceptance.
    EXPECT_TRUE(may_become(MatchState::claimed, MatchState::accepting));
    EXPECT_TRUE(may_become(MatchState::placing, MatchState::failed));
    EXPECT_TRUE(may_become(MatchState::assigned, MatchState::ended));

    EXPECT_FALSE(may_become(MatchState::placing, MatchState::claimed));
    EXPECT_FALSE(may_become(MatchState::assigned, MatchState::failed));  // Who was told an address plays; such a match can only end.
    EXPECT_FALSE(may_become(MatchState::ended, MatchState::failed));
}

TEST(Match, EveryStepMayBeRepeated) {
    for (std::size_t i = 0; i < match_state_names.size(); ++i) EXPECT_TRUE(may_become(static_cast<MatchState>(i), static_cast<MatchState>(i)));
}

TEST(Ticket, IsOverWhenNothingFollows) {
    EXPECT_FALSE(is_over(TicketState::queued));
    EXPECT_FALSE(is_over(TicketState::matched));
    EXPECT_TRUE(is_over(TicketState::ended));
    EXPECT_TRUE(is_over(TicketState::cancelled));
    EXPECT_TRUE(is_over(TicketState::expired));
    EXPECT_TRUE(is_over(TicketState::failed));
}

}  // namespace
}  // namespace gk::match
