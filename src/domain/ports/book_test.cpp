#include "domain/ports/book.hpp"

#include <gtest/gtest.h>

namespace gk {
namespace {

using namespace std::chrono_literals;

constexpr Time noon{12h};
const std::vector<PortWish> one_game = {{.role = "game", .udp = true}};
const std::vector<server::PortBinding> had = {
    {.role = "game", .protocol = Protocol::udp, .open = Port{30000}, .bound = Port{30000}, .internal = false}};

ServerUid server(std::uint8_t number) { return ServerUid(uuid_from_random({number})); }

struct PortBookTest : testing::Test {
    Port reserve(ServerUid uid, Time now) {
        const auto chosen = book.reserve(uid, one_game, {}, now);
        return chosen ? chosen->front().open : Port{};
    }
    PortBook book{{.range = {.first = Port{30000}, .last = Port{30001}}}};
};

TEST_F(PortBookTest, GivesAwayNothingThatIsKnownToBeHeld) {
    book.hold(server(1), had);

    EXPECT_EQ(reserve(server(2), noon), Port{30001});
    EXPECT_EQ(reserve(server(1), noon), Port{30000}) << "its own";
}

TEST_F(PortBookTest, LetsANumberRestThatIsKnownToHaveBeenGivenBack) {
    book.rest({.protocol = Protocol::udp, .port = Port{30000}, .since = noon});

    EXPECT_EQ(reserve(server(1), noon + 59s), Port{30001});
    EXPECT_EQ(reserve(server(2), noon + 60s), Port{30000});
}

TEST_F(PortBookTest, HoldsANumberThatRestedAndIsInARecordAllTheSame) {
    const RestingPort resting{.protocol = Protocol::udp, .port = Port{30000}, .since = noon};
    book.hold(server(1), had);
    book.rest(resting);

    EXPECT_EQ(reserve(server(2), noon + 1h), Port{30001});
    EXPECT_TRUE(book.resting(noon).empty());
}

TEST_F(PortBookTest, ANumberThatIsHeldAgainRestsNoMore) {
    book.rest({.protocol = Protocol::udp, .port = Port{30000}, .since = noon});
    book.hold(server(1), had);

    EXPECT_TRUE(book.resting(noon).empty());
}

TEST_F(PortBookTest, KnowsWhatRestsUntilItsTimeIsOver) {
    book.hold(server(1), had);
    book.release(server(1), noon);

    const std::vector<RestingPort> expected = {{.protocol = Protocol::udp, .port = Port{30000}, .since = noon}};
    EXPECT_EQ(book.resting(noon + 59s), expected);
    EXPECT_TRUE(book.resting(noon + 60s).empty());
    EXPECT_TRUE(book.held().empty());
}

TEST_F(PortBookTest, NumbersOfAnotherRangeAreTakenBeforeTheOldOnesAreGivenBack) {
    const PortRange other{.first = Port{7000}, .last = Port{7001}};
    book.hold(server(1), had);

    const auto same = book.choose(server(1), {.first = Port{30000}, .last = Port{30001}}, one_game, had, noon);
    ASSERT_TRUE(same);
    EXPECT_EQ(*same, had) << "its own numbers do not stand in its way";
    const auto moved = book.choose(server(1), other, one_game, had, noon);
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->front().open, Port{7000});
    book.change(server(1), *moved, noon);

    EXPECT_EQ(book.choose(server(2), other, one_game, {}, noon)->front().open, Port{7001});
    EXPECT_EQ(reserve(server(2), noon + 59s), Port{30001}) << "what it had rests";
    EXPECT_EQ(reserve(server(3), noon + 60s), Port{30000});
}

TEST_F(PortBookTest, ReleasesNothingOfAServerThatHoldsNothing) {
    book.release(server(1), noon);

    EXPECT_TRUE(book.resting(noon).empty());
}

}  // namespace
}  // namespace gk
