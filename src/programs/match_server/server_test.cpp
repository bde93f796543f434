#include "programs/match_server/server.hpp"

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "app/match/join_token.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"

namespace gk::programs {
namespace {
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using wire::match::End;

constexpr auto closed = "(closed)";

// A connection that a test speaks over, one step after another.
class Person {
public:
    Person(asio::io_context& io, std::uint16_t port) : io_(io), socket_(io) {
        socket_.connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), port));
    }
    void say(const std::string& text) { asio::write(socket_, asio::buffer(text)); }
    // The next line without its end, or `closed`.
    std::string hears() { return async::run_until_done(io_, next_line()); }
    std::string asks(const std::string& line) {
        say(line + "\n");
        return hears();
    }
    void leaves() { socket_.close(); }

private:
    Task<std::string> next_line() {
        error_code error;
        const auto size =
            co_await asio::async_read_until(socket_, asio::dynamic_buffer(unread_), '\n', asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return closed;
        auto line = unread_.substr(0, size - 1);
        unread_.erase(0, size);
        co_return line;
    }
    asio::io_context& io_;
    tcp::socket socket_;
    std::string unread_;
};

class MatchServerTest : public testing::Test {
protected:
    void SetUp() override {
        options.session = "s1";
        options.listen = net::parse_endpoint("127.0.0.1:0").value();
    }
    void TearDown() override {
        if (!server) return;
        server->stop();
        ends();
    }
    void start() {
        server.emplace(io.get_executor(), clock, options);
        port = server->listen().value().port;
        group.spawn("server", run_server());
    }
    Person person() { return {io, port}; }
    std::string token(const std::string& player, Time expires, const std::string& session = "s1") const {
        return "TOKEN " + app::make_join_token(options.token_key, session, player, expires);
    }
    // The time passes, and whatever it brings happens; parting takes time too.
    End ends() {
        while (!end) {
            io.poll();
            io.restart();
            if (!end) clock.advance(10ms);
        }
        async::run_until_done(io, group.join());
        server.reset();
        return *end;
    }
    void passes(Milliseconds time) {
        io.poll();
        io.restart();
        clock.advance(time);
    }

    asio::io_context io;
    async::ManualClock clock;
    async::TaskGroup group{io.get_executor()};
    MatchServerOptions options;
    std::optional<MatchServer> server;
    std::optional<End> end;
    std::uint16_t port = 0;

private:
    Task<void> run_server() { end = co_await server->run(); }
};

TEST_F(MatchServerTest, TheFirstWhoAsksDecidesAndEverybodyIsTold) {
    start();
    auto ada = person();
    auto bob = person();
    EXPECT_EQ(ada.asks("GET_STATE"), "STATE open");
    EXPECT_EQ(bob.asks("GET_RUNNING_LENGTH"), "RUNNING_LENGTH 0");

    EXPECT_EQ(ada.asks("REQUEST_MATCH 30"), "RUNNING_LENGTH 30");

    EXPECT_EQ(ada.hears(), "STATE running");
    EXPECT_EQ(bob.hears(), "STATE running");
    EXPECT_EQ(bob.asks("REQUEST_MATCH 5"), "RUNNING_LENGTH 30");
    EXPECT_EQ(bob.asks("REQUEST_MATCH 0"), "UNKNOWN");
}

TEST_F(MatchServerTest, EverybodyHearsTheEndAndNothingAfterIt) {
    start();
    auto ada = person();
    auto bob = person();
    bob.asks("GET_STATE");
    ada.asks("REQUEST_MATCH 30");
    EXPECT_EQ(ada.hears(), "STATE running");
    EXPECT_EQ(bob.hears(), "STATE running");

    passes(30s);

    for (auto* one : {&ada, &bob}) {
        EXPECT_EQ(one->hears(), "STATE stop");
        EXPECT_EQ(one->hears(), closed);
        one->leaves();
    }
    const auto over = clock.now();
    EXPECT_EQ(ends(), End::length_over);
    EXPECT_LT(clock.now() - over, 100ms) << "nobody is waited for who has left";
}

TEST_F(MatchServerTest, WhoDoesNotCloseItsSideIsWaitedForOnlySoLong) {
    start();
    auto ada = person();
    ada.asks("REQUEST_MATCH 1");
    const auto began = clock.now();

    EXPECT_EQ(ends(), End::length_over);

    EXPECT_GE(clock.now() - began, 2s);
    EXPECT_LT(clock.now() - began, 2s + 100ms);
}

TEST_F(MatchServerTest, EndsWhenTheLastOneLeavesARunningMatch) {
    start();
    auto ada = person();
    auto bob = person();
    bob.asks("GET_STATE");
    ada.asks("REQUEST_MATCH 3000");
    bob.leaves();
    EXPECT_EQ(ada.hears(), "STATE running");
    EXPECT_EQ(ada.asks("GET_STATE"), "STATE running");

    ada.leaves();

    EXPECT_EQ(ends(), End::all_left);
}

TEST_F(MatchServerTest, EndsWhenNobodyCame) {
    options.referee.empty_time = 60s;
    start();
    const auto began = clock.now();

    EXPECT_EQ(ends(), End::nobody_came);

    EXPECT_GE(clock.now() - began, 60s);
    EXPECT_LT(clock.now() - began, 61s);
}

TEST_F(MatchServerTest, StoppingTellsEverybodyAlsoWhileItIsOpen) {
    start();
    auto ada = person();
    ada.asks("GET_STATE");

    server->stop();

    EXPECT_EQ(ada.hears(), "STATE stop");
    EXPECT_EQ(ends(), End::asked);
}

TEST_F(MatchServerTest, LinesMayComeInAnyPieces) {
    start();
    auto ada = person();
    for (const char c : std::string("get_state\r\nREQUEST_")) {
        ada.say(std::string(1, c));
        passes(0ms);
    }
    ada.say("MATCH 7\r\nGET_RUNNING_LENGTH\n");

    EXPECT_EQ(ada.hears(), "STATE open");
    EXPECT_EQ(ada.hears(), "RUNNING_LENGTH 7");
    EXPECT_EQ(ada.hears(), "STATE running");
    EXPECT_EQ(ada.hears(), "RUNNING_LENGTH 7");
}

TEST_F(MatchServerTest, ALineThatIsTooLongIsTheEndOfTheConnectionOnly) {
    start();
    auto ada = person();
    auto bob = person();

    bob.say(std::string(300, 'x'));

    EXPECT_EQ(bob.hears(), "UNKNOWN");
    EXPECT_EQ(bob.hears(), closed);
    EXPECT_EQ(ada.asks("GET_STATE"), "STATE open");
}

TEST_F(MatchServerTest, OneTooManyIsTurnedAwayUntilSomebodyLeaves) {
    options.clients_max = 1;
    start();
    auto ada = person();
    ada.asks("GET_STATE");
    auto bob = person();
    EXPECT_EQ(bob.hears(), "FULL");
    EXPECT_EQ(bob.hears(), closed);

    ada.leaves();
    passes(0ms);
    auto eve = person();

    EXPECT_EQ(eve.asks("GET_STATE"), "STATE open");
}

TEST_F(MatchServerTest, WhoSaysNothingIsDropped) {
    options.first_line_time = 10s;
    start();
    auto ada = person();
    auto bob = person();
    ada.asks("GET_STATE");

    passes(10s);

    EXPECT_EQ(bob.hears(), closed);
    EXPECT_EQ(ada.asks("GET_STATE"), "STATE open");
}

TEST_F(MatchServerTest, WhoDoesNotReadIsDropped) {
    start();
    auto ada = person();
    ada.asks("GET_STATE");
    auto bob = person();
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "\n";
    bool dropped = false;
    for (int i = 0; i < 10'000 && !dropped; ++i) {
        try {
            bob.say(many);
        } catch (const boost::system::system_error&) {
            dropped = true;
        }
        passes(0ms);
    }

    EXPECT_TRUE(dropped);
    EXPECT_EQ(ada.asks("GET_STATE"), "STATE open");
}

TEST_F(MatchServerTest, OnlyThePlayersOfTheMatchComeInWithTokens) {
    options.token_key = Secret("0123456789abcdef");
    options.players = {"ada", "bob"};
    start();
    const auto soon = clock.calendar() + 60s;
    struct Case {
        std::string line;
        std::string want;
    };
    for (const auto& [line, want] :
         {Case{token("ada", soon), "TOKEN ok"}, Case{"GET_STATE", "DENIED"}, Case{token("eve", soon), "DENIED"},
          Case{token("ada", soon, "s2"), "DENIED"}, Case{token("ada", clock.calendar()), "DENIED"}, Case{"TOKEN x", "DENIED"}}) {
        auto one = person();

        EXPECT_EQ(one.asks(line), want) << line;
        if (want == "DENIED") EXPECT_EQ(one.hears(), closed);
    }
}

TEST_F(MatchServerTest, APlayerWhoComesAgainTakesItsOwnPlace) {
    options.token_key = Secret("0123456789abcdef");
    options.players = {"ada"};
    options.clients_max = 1;
    start();
    const auto soon = clock.calendar() + 60s;
    auto before = person();
    before.asks(token("ada", soon));

    auto after = person();

    EXPECT_EQ(after.asks(token("ada", soon)), "TOKEN ok");
    EXPECT_EQ(before.hears(), closed);
    EXPECT_EQ(after.asks("GET_STATE"), "STATE open");
}

TEST_F(MatchServerTest, ManyMatchesDoNotHearOfOneAnother) {
    options.many = true;
    start();
    auto ada = person();
    auto bob = person();
    ada.say("SESSION a\n");
    bob.say("SESSION b\n");
    EXPECT_EQ(ada.asks("REQUEST_MATCH 5"), "RUNNING_LENGTH 5");
    EXPECT_EQ(ada.hears(), "STATE running");
    EXPECT_EQ(bob.asks("GET_STATE"), "STATE open");

    passes(5s);

    EXPECT_EQ(ada.hears(), "STATE stop");
    EXPECT_EQ(bob.asks("GET_STATE"), "STATE open");
}

TEST_F(MatchServerTest, AMatchThatIsOverDoesNotBeginAgain) {
    options.many = true;
    start();
    auto ada = person();
    ada.say("SESSION a\n");
    ada.asks("REQUEST_MATCH 5");
    passes(5s);
    passes(0ms);

    auto late = person();
    late.say("SESSION a\n");

    EXPECT_EQ(late.hears(), "STATE stop");
    EXPECT_EQ(late.hears(), closed);
}

TEST_F(MatchServerTest, ManyMatchesWantToBeNamedFirst) {
    options.many = true;
    start();
    for (const std::string line : {"GET_STATE", "SESSION", "SESSION a/b"}) {
        auto one = person();

        EXPECT_EQ(one.asks(line), "UNKNOWN") << line;
        EXPECT_EQ(one.hears(), closed);
    }
}

TEST(MatchServerOptions, SayWhichMatchAndWhoPlays) {
    MatchServerWish wish;
    wish.session = "7f3a";
    wish.players = R"(["ada","bob"])";
    wish.port = "7777";
    wish.empty_time = "5s";

    const auto options = match_server_options(wish);

    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->session, "7f3a");
    EXPECT_EQ(options->players, (std::vector<std::string>{"ada", "bob"}));
    EXPECT_EQ(options->clients_max, 2u);
    EXPECT_EQ(options->listen.text(), "0.0.0.0:7777");
    EXPECT_EQ(options->referee.empty_time, 5s);
}

TEST(MatchServerOptions, OneThatWaitsIsToldItsMatchLater) {
    auto options = match_server_options({.fleet = "duels"});
    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->session, "");

    ASSERT_TRUE(allocate("ALLOCATE 7f3a [\"ada\",\"b en\"]\n", *options));
    EXPECT_EQ(options->session, "7f3a");
    EXPECT_EQ(options->players, (std::vector<std::string>{"ada", "b en"}));
    EXPECT_EQ(options->clients_max, 2u);
}

TEST(MatchServerOptions, WhoHasComeInLaterIsToldInTheSameWay) {
    auto options = match_server_options({.session = "7f3a", .players = R"(["ada"])"});
    ASSERT_TRUE(options) << options.error();

    ASSERT_TRUE(allocate("ALLOCATE 7f3a [\"ada\",\"eve\"]\n", *options));
    EXPECT_EQ(options->players, (std::vector<std::string>{"ada", "eve"}));
    EXPECT_EQ(options->clients_max, 2u);
    EXPECT_FALSE(allocate("ALLOCATE other []", *options)) << "one server, one match";
    EXPECT_EQ(options->session, "7f3a");
}

// S1-28.
TEST(MatchServerOptions, OneThatWaitsHearsWithItsMatchWhetherPlayersShowAToken) {
    auto options = match_server_options({.fleet = "duels"});
    ASSERT_TRUE(options) << options.error();

    ASSERT_TRUE(allocate(R"(ALLOCATE 7f3a ["ada","b {en}"] {"MATCH_KEY":"gks_a.b.c","MATCH_TOKEN_KEY":"0123456789abcdef"})", *options));
    EXPECT_EQ(options->players, (std::vector<std::string>{"ada", "b {en}"}));
    EXPECT_EQ(options->token_key.reveal(), "0123456789abcdef");

    ASSERT_TRUE(allocate(R"(ALLOCATE 7f3a ["ada","eve"])", *options));
    EXPECT_EQ(options->token_key.reveal(), "0123456789abcdef") << "as it was";
}

TEST(MatchServerOptions, WhatIsNoAllocationChangesNothing) {
    auto options = match_server_options({.fleet = "duels"});
    for (const auto* line :
         {"", "hello", "ALLOCATE", "ALLOCATE a/b []", "ALLOCATE a ada", "ALLOCATE a [] {x}", R"(ALLOCATE a [] {"MATCH_TOKEN_KEY":"short"})"}) {
        EXPECT_FALSE(allocate(line, *options)) << line;
        EXPECT_TRUE(options->session.empty());
    }
    ASSERT_TRUE(allocate("ALLOCATE a []", *options));
    EXPECT_TRUE(options->players.empty()) << "whoever comes";
}

TEST(MatchServerOptions, MistakesAreNamed) {
    struct Case {
        MatchServerWish wish;
        std::string_view said;
    };
    for (const auto& [wish, said] : {
             Case{{}, "SESSION_ID"},
             Case{{.session = "a b"}, "SESSION_ID"},
             Case{{.session = "a", .players = "ada,bob"}, "PLAYERS"},
             Case{{.session = "a", .players = "[1]"}, "PLAYERS"},
             Case{{.session = "a", .players = R"(["ada","ada"])"}, "'ada' stands there twice"},
             Case{{.session = "a", .port = "http"}, "PORT"},
             Case{{.session = "a", .port = "65536"}, "PORT"},
             Case{{.session = "a", .address = "host.example"}, "--address"},
             Case{{.session = "a", .empty_time = "5"}, "--empty-time"},
             Case{{.session = "a", .clients_max = "0"}, "--clients-max"},
             Case{{.session = "a", .token_key = "short"}, "MATCH_TOKEN_KEY"},
             Case{{.session = "a", .token_key_file = "/nowhere/key"}, "/nowhere/key"},
         }) {
        const auto options = match_server_options(wish);

        ASSERT_FALSE(options) << said;
        EXPECT_NE(options.error().find(said), std::string::npos) << options.error();
    }
}

}  // namespace
}  // namespace gk::programs
