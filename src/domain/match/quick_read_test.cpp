#include "domain/match/quick_read.hpp"

#include <gtest/gtest.h>

#include "domain/match/codec.hpp"

namespace gk::match {
namespace {

Player player(std::string id) { return {.id = std::move(id), .attributes = {}, .latencies = {}, .blocked = {}}; }

TEST(QuickRead, ReadsWhatIsWritten) {
    auto full = player("ann");
    full.attributes["maps"] = std::vector<std::string>{"a", "b c"};
    full.attributes["none"] = std::vector<std::string>{};
    full.attributes["mode"] = "duel";
    full.attributes["skill"] = -12.25;
    full.attributes["tiny"] = 1e-9;
    full.attributes["wishes"] = std::map<std::string, double>{{"hunter", 1}, {"monster", 0.5}};
    full.attributes["empty"] = std::map<std::string, double>{};
    full.latencies = {{"eu", 20}, {"us", 90}};
    full.blocked = {"bob"};
    auto fast = player("cid");
    fast.latencies = {{"eu", 7}};
    auto shy = player("dan");
    shy.blocked = {"a", "b"};
    const std::vector<Player> players{full, fast, shy, player("")};
    const std::vector<std::string> names{"ranked", "casual"};

    EXPECT_EQ(quick_players(to_json(list_of(players))), players);
    EXPECT_EQ(quick_players("[]"), std::vector<Player>());
    EXPECT_EQ(quick_names(to_json(list_of(names))), names);
}

TEST(QuickRead, LeavesEverythingElseToTheGeneralReader) {
    const std::string_view others[] = {
        "",
        "[",
        "{}",
        R"([{"id":"ann"})",
        R"([{"id":"ann"}] )",
        R"([{"id":"an\u006e"}])",
        "[{\"id\":\"\xc3\xa4nn\"}]",
        R"([{"id":"ann","mood":"new"}])",
        R"([{"attributes":{},"id":"ann"}])",
        R"([{"id":"ann","attributes":{"a":nan}}])",
        R"([{"id":"ann","attributes":{"a":true}}])",
        R"([{"id":"ann","attributes":{"a":}}])",
        R"([{"id":"ann","latencies":{"eu":-1}}])",
        R"([{"id":"ann","latencies":{"eu":4294967296}}])",
        R"([{"id":"ann","latencies":{"eu":1,"eu":2}}])",
        R"([{"id":"ann",}])",
        R"([{"id":"ann"},])",
    };
    for (const auto text : others) EXPECT_EQ(quick_players(text), std::nullopt) << text;
    EXPECT_EQ(quick_names(R"(["a",])"), std::nullopt);
}

}  // namespace
}  // namespace gk::match
