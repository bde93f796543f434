#include "shim/roster.hpp"

#include <gtest/gtest.h>

namespace gk::shim {
namespace {

using wire::shim::Players;
using wire::shim::Query;
using Names = std::vector<std::string>;

Roster roster_of(const Players& spec) {
    auto roster = Roster::create(spec);
    EXPECT_TRUE(roster) << roster.error().detail;
    return std::move(*roster);
}
Roster from_lines() { return roster_of({.join_pattern = "^([a-z]+) joins", .leave_pattern = "^([a-z]+) leaves"}); }
Roster from_queries() { return roster_of({.target = {.query = Query::teeworlds, .port = Port{8303}}}); }

wire::shim::Status told_by(const Roster& roster) {
    wire::shim::Status status;
    roster.describe(status);
    return status;
}

TEST(Roster, NotKnownIsNotNobody) {
    const auto silent = roster_of({});
    EXPECT_FALSE(told_by(silent).online);
    EXPECT_FALSE(told_by(from_lines()).online) << "before it is ready";
    EXPECT_FALSE(told_by(from_queries()).online) << "before it has answered";

    auto roster = roster_of({});
    EXPECT_FALSE(roster.on_ready());
    EXPECT_FALSE(roster.on_line("anna joins"));
    EXPECT_FALSE(told_by(roster).online);
}

TEST(Roster, CountsTheLinesAboutJoiningAndLeaving) {
    auto roster = from_lines();
    EXPECT_TRUE(roster.on_ready());
    EXPECT_EQ(told_by(roster).online, 0);

    EXPECT_TRUE(roster.on_line("bert joins"));
    EXPECT_TRUE(roster.on_line("anna joins"));
    EXPECT_FALSE(roster.on_line("anna joins")) << "nothing new";
    EXPECT_FALSE(roster.on_line("anna says: bert leaves"));
    EXPECT_EQ(told_by(roster).online, 2);
    EXPECT_EQ(told_by(roster).names, (Names{"anna", "bert"}));

    EXPECT_TRUE(roster.on_line("bert leaves"));
    EXPECT_FALSE(roster.on_line("nobody leaves"));
    EXPECT_EQ(told_by(roster).names, (Names{"anna"}));

    EXPECT_TRUE(roster.on_exit());
    EXPECT_FALSE(told_by(roster).online);
    EXPECT_TRUE(told_by(roster).names.empty());
}

TEST(Roster, BelievesTheGameItselfMoreThanItsLog) {
    auto spec = Players{.target = {.query = Query::teeworlds, .port = Port{8303}}, .join_pattern = "(.*) joins", .leave_pattern = {}};
    auto roster = roster_of(spec);

    EXPECT_FALSE(roster.on_line("anna joins"));
    EXPECT_TRUE(roster.on_answer(ProbeAnswer{.online = 3, .players_max = 16, .names = {"c", "a", "b"}}));

    EXPECT_EQ(told_by(roster).online, 3);
    EXPECT_EQ(told_by(roster).players_max, 16);
    EXPECT_EQ(told_by(roster).names, (Names{"a", "b", "c"}));
    EXPECT_FALSE(roster.on_answer(ProbeAnswer{.online = 3, .players_max = 16, .names = {"b", "c", "a"}})) << "the same in another order";
}

TEST(Roster, ForgetsWhatIsTooOldOnlyAfterThreeMissesInARow) {
    auto roster = from_queries();
    const ProbeAnswer one{.online = 1, .players_max = 8, .names = {"anna"}};
    roster.on_answer(one);

    EXPECT_FALSE(roster.on_answer({}));
    EXPECT_FALSE(roster.on_answer({}));
    EXPECT_FALSE(roster.on_answer(one));
    EXPECT_FALSE(roster.on_answer({}));
    EXPECT_FALSE(roster.on_answer({}));
    EXPECT_EQ(told_by(roster).online, 1);
    EXPECT_TRUE(roster.on_answer({}));

    EXPECT_FALSE(told_by(roster).online);
}

TEST(Roster, TellsNamesThatAreSafeToShowAndNotTooMany) {
    auto roster = from_queries();
    ProbeAnswer answer{.online = 300, .players_max = 300, .names = {"\x1b[31mred\xff", std::string(500, 'n')}};
    for (int i = 0; i < 300; ++i) answer.names.push_back("p" + std::to_string(i));

    roster.on_answer(answer);

    const auto status = told_by(roster);
    EXPECT_EQ(status.names.size(), wire::shim::player_names_max);
    EXPECT_EQ(status.names.front(), "[31mred\xef\xbf\xbd");
    EXPECT_EQ(status.online, 300);
    for (const auto& name : status.names) EXPECT_LE(name.size(), wire::shim::player_name_bytes_max + 2);
}

TEST(Roster, SaysWhichPatternIsWrong) {
    const auto made = Roster::create({.target = {}, .join_pattern = "(", .leave_pattern = {}});
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().detail.find("'('"), std::string::npos) << made.error().detail;
}

}  // namespace
}  // namespace gk::shim
