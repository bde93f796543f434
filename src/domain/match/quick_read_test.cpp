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

Match bare_match() {
    Match match{.id = MatchId(UuidBits{1, 2, 3}), .queue = "duel", .server = {}};
    match.members.push_back({.player = "ann", .ticket = TicketId(UuidBits{4}), .team = "red", .accepted = {}, .left_at = {}});
    match.quality = 0.1;
    match.claimed_at = Time(Milliseconds(1'764'000'000'123));
    match.epoch = Epoch{7};
    return match;
}

// Every member that may be absent is there.
Match full_match() {
    auto match = bare_match();
    const auto at = [&](int seconds) { return match.claimed_at + std::chrono::seconds(seconds); };
    match.tenant = "acme";
    match.state = MatchState::ended;
    match.members.push_back(
        {.player = "bob", .ticket = TicketId(UuidBits{5}), .team = "", .accepted = true, .left_at = at(3), .told_at = at(1), .answer_by = at(2)});
    match.members.push_back({.player = "", .ticket = TicketId(UuidBits{6}), .team = "red", .accepted = false, .left_at = {}});
    match.region = "eu";
    match.quality = 1;
    match.server = MatchServer{.name = "game-server-01020300", .host = "10.0.0.1", .port = 65535};
    match.join_tokens = true;
    match.attempts = 2;
    match.deadline = at(30);
    match.kept_at = 4;
    match.kept_since = at(4);
    match.assigned_at = at(5);
    match.ended_at = at(60);
    match.end_reason = "server_exited";
    return match;
}

std::string stored(const Match& match) { return to_json(to_value(match)); }

TEST(QuickRead, ReadsAMatchAsTheGeneralReaderDoes) {
    for (const auto& match : {bare_match(), full_match()}) EXPECT_EQ(quick_match(stored(match)), match) << stored(match);
    auto nobody = bare_match();
    nobody.members.clear();
    EXPECT_EQ(quick_match(stored(nobody)), nobody);
    for (const auto state : {MatchState::claimed, MatchState::accepting, MatchState::placing, MatchState::assigned, MatchState::failed}) {
        auto match = bare_match();
        match.state = state;
        EXPECT_EQ(quick_match(stored(match)), match);
    }
}

TEST(QuickRead, LeavesAMatchThatIsWrittenOtherwiseToTheGeneralReader) {
    const auto whole = stored(full_match());
    ASSERT_TRUE(quick_match(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(quick_match(std::string_view(whole).substr(0, size)), std::nullopt) << size;
    EXPECT_EQ(quick_match(whole + " "), std::nullopt);
    const auto with = [&](std::string_view from, std::string_view to) {
        auto text = whole;
        const auto place = text.find(from);
        EXPECT_NE(place, std::string::npos) << from;
        return text.replace(place, from.size(), to);
    };
    const std::pair<std::string_view, std::string_view> changes[] = {
        {R"("state":"ended")", R"("state":"gone")"},
        {R"("tenant":"acme")", R"("tenant":"\u0061cme")"},
        {R"("tenant":"acme")", "\"tenant\":\"\xc3\xa4\""},
        {R"("port":65535)", R"("port":65536)"},
        {R"("attempts":2)", R"("attempts":-2)"},
        {R"("attempts":2)", R"("attempts":2.5)"},
        {R"("accepted":true)", R"("accepted":null)"},
        {R"("accepted":true)", R"("accepted":1)"},
        {R"("epoch":7)", R"("epoch":-7)"},
        {R"("epoch":7)", R"("epoch":7,"mood":"new")"},
        {R"("quality":)", R"("mood":"new","quality":)"},
        {R"("team":"red"})", R"("team":"red","mood":"new"})"},
        {R"("deadline":"20)", R"("deadline":"x20)"},
        {R"("id":"0)", R"("id":"x0)"},
    };
    for (const auto& [from, to] : changes) EXPECT_EQ(quick_match(with(from, to)), std::nullopt) << to;
}

}  // namespace
}  // namespace gk::match
