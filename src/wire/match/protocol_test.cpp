#include "wire/match/protocol.hpp"

#include <array>

#include <gtest/gtest.h>

namespace gk::wire::match {
namespace {

using std::chrono::seconds;

TEST(MatchProtocol, ReadsEveryRequest) {
    struct Case {
        std::string_view line;
        Request want;
    };
    for (const auto& [line, want] : {
             Case{"GET_STATE", {.verb = Verb::get_state}},
             Case{"get_state", {.verb = Verb::get_state}},
             Case{"  Get_State\t", {.verb = Verb::get_state}},
             Case{"GET_RUNNING_LENGTH", {.verb = Verb::get_running_length}},
             Case{"REQUEST_MATCH 1", {.verb = Verb::request_match, .length = seconds(1)}},
             Case{"request_match \t 30", {.verb = Verb::request_match, .length = seconds(30)}},
             Case{"REQUEST_MATCH 86400", {.verb = Verb::request_match, .length = seconds(86400)}},
             Case{"REQUEST_MATCH 30.0", {.verb = Verb::request_match, .length = seconds(30)}},
             Case{"REQUEST_MATCH 0.2", {.verb = Verb::request_match, .length = seconds(1)}},
             Case{"TOKEN aB.c", {.verb = Verb::token, .text = "aB.c"}},
             Case{"session 7f", {.verb = Verb::session, .text = "7f"}},
         }) {
        EXPECT_EQ(parse_request(line), want) << line;
    }
}

TEST(MatchProtocol, KnowsNoOtherRequest) {
    for (const std::string_view line : {"",
                                        " ",
                                        "HELLO",
                                        "GET_STATE now",
                                        "GET STATE",
                                        "REQUEST_MATCH",
                                        "REQUEST_MATCH 0",
                                        "REQUEST_MATCH -1",
                                        "REQUEST_MATCH +5",
                                        "REQUEST_MATCH 86401",
                                        "REQUEST_MATCH 86400.1",
                                        "REQUEST_MATCH 0.0",
                                        "REQUEST_MATCH 5.",
                                        "REQUEST_MATCH .5",
                                        "REQUEST_MATCH 1e3",
                                        "REQUEST_MATCH nan",
                                        "REQUEST_MATCH 99999999999999999999",
                                        "REQUEST_MATCH 30 30",
                                        "REQUEST_MATCHES 30",
                                        "TOKEN",
                                        "TOKEN a b",
                                        "SESSION"}) {
        EXPECT_EQ(parse_request(line), Request{}) << line;
    }
    EXPECT_EQ(parse_request(std::string_view("GET_STATE\0", 10)), Request{});
}

TEST(MatchProtocol, AClientReadsWhatAServerSays) {
    for (const auto state : {State::open, State::running, State::stop}) {
        EXPECT_EQ(parse_reply(state_line(state)), (Reply{.kind = Reply::Kind::state, .state = state}));
    }
    EXPECT_EQ(parse_reply(length_line(seconds(30))), (Reply{.kind = Reply::Kind::running_length, .length = seconds(30)}));
    EXPECT_EQ(parse_reply(unknown_line).kind, Reply::Kind::unknown);
    EXPECT_EQ(parse_reply(full_line).kind, Reply::Kind::full);
    EXPECT_EQ(parse_reply(denied_line).kind, Reply::Kind::denied);
    EXPECT_EQ(parse_reply(token_accepted_line).kind, Reply::Kind::token_accepted);
    for (const std::string_view line :
         {"", "STATE", "STATE paused", "RUNNING_LENGTH x", "RUNNING_LENGTH -1", "RUNNING_LENGTH 86401", "RUNNING_LENGTH", "SCORE 3"}) {
        EXPECT_EQ(parse_reply(line).kind, Reply::Kind::other) << line;
    }
}

}  // namespace
}  // namespace gk::wire::match
