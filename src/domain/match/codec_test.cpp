#include "domain/match/codec.hpp"

#include <gtest/gtest.h>

namespace gk::match {
namespace {

using namespace std::chrono_literals;

template <class IdType>
IdType numbered(std::uint8_t number) {
    return IdType(uuid_from_random({number}));
}

template <class T>
T again(const T& value, const std::string& more = {}) {
    auto document = to_value(value);
    if (!more.empty()) document.set(more, "of a newer version");
    Errors errors;
    T read{};
    EXPECT_TRUE(decode(document, "", errors, read)) << errors.list().front().pointer << ": " << errors.list().front().detail;
    return read;
}

Ticket full_ticket() {
    Player player{.id = "ann", .attributes = {}, .latencies = {{"eu", 20}, {"us", 90}}, .blocked = {"bob"}};
    player.attributes["skill"] = 12.25;
    player.attributes["rank"] = 3.0;
    player.attributes["mode"] = "duel";
    player.attributes["maps"] = std::vector<std::string>{"a", "b"};
    player.attributes["wishes"] = std::map<std::string, double>{{"hunter", 1}, {"monster", 0.5}};
    return {.id = numbered<TicketId>(1),
            .tenant = "t",
            .queues = {"ranked", "casual"},
            .players = {player, {.id = "cid", .attributes = {}, .latencies = {}, .blocked = {}}},
            .priority = -2,
            .joined_at = Time(5ms),
            .expires_at = Time(300s),
            .state = TicketState::failed,
            .match = numbered<MatchId>(2),
            .reason = "server_failed",
            .put_back = 3};
}

Match full_match() {
    Match match;
    match.id = numbered<MatchId>(2);
    match.tenant = "t";
    match.queue = "ranked";
    match.state = MatchState::ended;
    match.members = {{.player = "ann", .ticket = numbered<TicketId>(1), .team = "red", .accepted = true, .left_at = Time(7s)},
                     {.player = "bob", .ticket = numbered<TicketId>(3), .team = "blue", .accepted = {}, .left_at = {}}};
    match.region = "eu";
    match.quality = 0.875;
    match.server = MatchServer{.name = "game-server-01020304", .host = "192.0.2.1", .port = 40001};
    match.join_tokens = true;
    match.attempts = 2;
    match.deadline = Time(45s);
    match.kept_at = 4;
    match.kept_since = Time(3s);
    match.claimed_at = Time(1s);
    match.assigned_at = Time(2s);
    match.ended_at = Time(9s);
    match.end_reason = "server_exited";
    match.epoch = Epoch{17};
    return match;
}

TEST(MatchCodec, WhatIsWrittenIsReadBack) {
    EXPECT_EQ(again(full_ticket()), full_ticket());
    EXPECT_EQ(again(full_match()), full_match());
    EXPECT_EQ(again(Match{}), Match{});
    const Ticket plain{.id = numbered<TicketId>(1),
                       .queues = {"q"},
                       .players = {{.id = "ann", .attributes = {}, .latencies = {}, .blocked = {}}},
                       .match = {},
                       .reason = {}};
    EXPECT_EQ(again(plain), plain);
}

TEST(MatchCodec, PassesOverWhatANewerVersionWrote) {
    EXPECT_EQ(again(full_ticket(), "mood"), full_ticket());
    EXPECT_EQ(again(full_match(), "weather"), full_match());
}

// Databases hold these; nothing here is ever renamed.
TEST(MatchCodec, KeepsItsForm) {
    EXPECT_EQ(to_json(to_value(full_ticket())),
              R"({"id":"01000000-0000-4000-8000-000000000000","tenant":"t","queues":["ranked","casual"],"players":[{"id":"ann","attributes":)"
              R"({"maps":["a","b"],"mode":"duel","rank":3,"skill":12.25,"wishes":{"hunter":1,"monster":0.5}},"latencies":{"eu":20,"us":90},)"
              R"("blocked":["bob"]},{"id":"cid"}],"priority":-2,"joined_at":"1970-01-01T00:00:00.005Z","expires_at":"1970-01-01T00:05:00.000Z",)"
              R"("state":"failed","match":"02000000-0000-4000-8000-000000000000","reason":"server_failed","put_back":3})");
    EXPECT_EQ(
        to_json(to_value(full_match())),
        R"({"id":"02000000-0000-4000-8000-000000000000","tenant":"t","queue":"ranked","state":"ended","members":[{"player":"ann",)"
        R"("ticket":"01000000-0000-4000-8000-000000000000","team":"red","accepted":true,"left_at":"1970-01-01T00:00:07.000Z"},)"
        R"({"player":"bob","ticket":"03000000-0000-4000-8000-000000000000","team":"blue"}],"region":"eu","quality":0.875,"server":)"
        R"({"name":"game-server-01020304","host":"192.0.2.1","port":40001},"join_tokens":true,"attempts":2,)"
        R"("deadline":"1970-01-01T00:00:45.000Z",)"
        R"("kept_at":4,"kept_since":"1970-01-01T00:00:03.000Z","claimed_at":"1970-01-01T00:00:01.000Z","assigned_at":"1970-01-01T00:00:02.000Z",)"
        R"("ended_at":"1970-01-01T00:00:09.000Z","end_reason":"server_exited","epoch":17})");
}

TEST(MatchCodec, SaysWhatIsWrong) {
    struct Case {
        std::string_view member;
        Value value;
        std::string pointer;
    };
    const Case cases[] = {
        {"id", "x", "/id"},
        {"state", "asleep", "/state"},
        {"queues", 1, "/queues"},
        {"match", 7, "/match"},
        {"players", Value::array({Value::object({{"id", "a"}, {"attributes", Value::object({{"mode", true}})}})}), "/players/0/attributes/mode"},
        {"players", Value::array({Value::object({{"id", "a"}, {"attributes", 5}})}), "/players/0/attributes"},
    };
    for (const auto& it : cases) {
        auto document = to_value(full_ticket());
        document.set(it.member, it.value);
        Errors errors;
        Ticket read;
        EXPECT_FALSE(decode(document, "", errors, read));
        ASSERT_FALSE(errors.empty());
        EXPECT_EQ(errors.list().front().pointer, it.pointer);
    }
}

}  // namespace
}  // namespace gk::match
