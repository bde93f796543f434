#include "programs/cli/completion.hpp"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "programs/cli/syntax.hpp"

namespace gk::programs {
namespace {

using Words = std::vector<std::string>;

// A small command line of the same make.
class Completion : public testing::Test {
protected:
    Completion() {
        root.add_option("--state", state);
        root.add_option("-o,--output", format);
        auto* server = root.add_subcommand("server", "");
        auto* start = server->add_subcommand("start", "");
        start->add_option("NAME", name);
        start->add_flag("--no-wait", flag);
        auto* create = server->add_subcommand("create", "");
        create->add_option("NAME", name);
        create->add_option("-g,--game", game);
        server->add_subcommand("stop", "");
    }
    Words complete(const Words& words) {
        return completions(root, words, [this](NameKind kind, const auto& said) {
            asked_of = said.contains("--state") ? said.at("--state") : "";
            return kind == NameKind::server ? Words{"castle", "camp", "tower"} : kind == NameKind::game ? Words{"minetest"} : Words{};
        });
    }

    CLI::App root{"", "gamekeeper"};
    std::string state, format, name, game, asked_of;
    bool flag = false;
};

TEST_F(Completion, CommandsNamesFlagsAndValuesEachInTheirPlace) {
    EXPECT_EQ(complete({"s"}), Words{"server"});
    EXPECT_EQ(complete({"server", "st"}), (Words{"start", "stop"}));
    EXPECT_EQ(complete({"server", "start", "ca"}), (Words{"camp", "castle"}));
    EXPECT_EQ(complete({"server", "start", "castle", ""}), Words{}) << "it takes one name";
    EXPECT_EQ(complete({"server", "create", ""}), Words{}) << "a new name is nobody's";
    EXPECT_EQ(complete({"server", "create", "x", "--game", ""}), Words{"minetest"});
    EXPECT_EQ(complete({"server", "start", "--no"}), Words{"--no-wait"});
    EXPECT_EQ(complete({"-o", ""}), (Words{"json", "table"}));
}

TEST_F(Completion, AnOptionsValueIsNoCommandAndNamesAreAskedOfTheGamekeeperThatWasSaid) {
    EXPECT_EQ(complete({"--state", "server", "server", "start", "t"}), Words{"tower"});
    EXPECT_EQ(asked_of, "server");
    EXPECT_EQ(complete({"--state=/srv", "server", "start", "t"}), Words{"tower"});
    EXPECT_EQ(asked_of, "/srv");
}

TEST_F(Completion, APositionKnowsTheWordThatNamesNoCommand) {
    const Words typed = {"server", "strat", "castle"};
    const auto at = position_behind(root, typed);
    EXPECT_EQ(at.path, "gamekeeper server");
    EXPECT_EQ(at.stranger, "strat");
    const Words dashed = {"server", "start", "castle", "--nowait"};
    EXPECT_EQ(position_behind(root, dashed).strange_flag, "--nowait");
}

}  // namespace
}  // namespace gk::programs
