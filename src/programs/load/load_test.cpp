#include "programs/load/load.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adapters/memory/random.hpp"
#include "app/match/join_token.hpp"
#include "async/manual_clock.hpp"
#include "async/task_group.hpp"
#include "net/http/server.hpp"
#include "net/json/json.hpp"
#include "programs/match_server/server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::programs {
namespace {
using namespace std::chrono_literals;
namespace asio = boost::asio;

// Players against a front whose delays and failures are known: each gets a match of its own once `match_after` has passed since it joined.
class LoadTest : public testing::Test {
protected:
    void SetUp() override {
        net::Router router;
        const auto add = [&](net::Method method, std::string pattern, auto handler) {
            router.add({.method = method, .pattern = std::move(pattern), .handler = [this, handler](net::Request& request) {
                            return handler(*this, request);
                        }});
        };
        add(net::Method::post, "/api/match/join", join);
        add(net::Method::get, "/api/match/status", status);
        add(net::Method::post, "/api/match/{session}/end", end);
        add(net::Method::post, "/v1/tickets", join_v1);
        add(net::Method::get, "/v1/tickets/{id}", ticket_v1);
        add(net::Method::post, "/v1/matches/{session}/end", end);
        front.emplace(io.get_executor(), clock, random, std::move(router), net::ServerLimits{.connections_per_address_max = 4096});
        // A Unix socket, because names are looked up by a thread whose time is not ours to move.
        wish.url = "unix:" + (folder.path() / "front.sock").string();
        EXPECT_TRUE(front->listen(net::parse_endpoint(wish.url).value()));
        wish.clients = "4";
        wish.match_duration = "5";
        wish.many = true;
        matches.many = true;
        matches.listen = net::parse_endpoint("127.0.0.1:0").value();
    }
    void TearDown() override {
        drive(front->stop(1s));
        if (!match_server) return;
        match_server->stop();
        drive(serving.join());
    }
    // Time moves on only when nothing else can happen, so that what is measured is exact.
    void drive(Task<void> task) {
        bool done = false;
        async::TaskGroup group(io.get_executor());
        group.spawn("task", mark_done(std::move(task), done));
        while (!done) {
            io.restart();
            if (io.poll() == 0 && !done) ASSERT_TRUE(clock.advance_to_next()) << "nothing is left that could happen";
        }
        while (io.poll() > 0) io.restart();
    }
    static Task<void> mark_done(Task<void> task, bool& done) {
        co_await std::move(task);
        done = true;
    }
    void start_match_server() {
        match_server.emplace(io.get_executor(), clock, matches);
        match_port = match_server->listen().value().port;
        serving.spawn("match server", serve());
    }
    Task<void> serve() { std::ignore = co_await match_server->run(); }
    const Tally& run() {
        if (!match_server && match_port == 0) start_match_server();
        const auto options = load_options(wish);
        EXPECT_TRUE(options) << options.error();
        const auto began = clock.now();
        drive(run_load(*options, clock, random, std::nullopt, tally));
        took = clock.now() - began;
        return tally;
    }
    std::size_t faults(LoadFault fault) const { return tally.faults.contains(fault) ? tally.faults.at(fault).count : 0; }

    struct Seen {
        Time joined_at;
        std::string authorization;
    };

    test::TemporaryDirectory folder;
    asio::io_context io;
    async::ManualClock clock;
    memory::SeededRandom random{1};
    std::optional<net::HttpServer> front;
    MatchServerOptions matches;
    std::optional<MatchServer> match_server;
    async::TaskGroup serving{io.get_executor()};
    LoadWish wish;
    Tally tally;
    Milliseconds took{};

    // How the fake front behaves.
    std::uint16_t match_port = 0;
    std::string match_host = "127.0.0.1";
    Milliseconds join_delay = 40ms;
    Milliseconds first_join_delay = 40ms;
    Milliseconds match_after = 2s;
    bool gives_tokens = true;
    int join_status = 200;
    int end_status = 200;
    std::string bad_state;  // Instead of a match.
    // What it has seen.
    std::map<std::string, Seen> players;
    std::size_t looks = 0;
    std::size_t ends = 0;
    std::string last_end_authorization;
    std::size_t at_once = 0;
    std::size_t most_at_once = 0;

private:
    static net::Response json(int status, const Value& value) { return net::Response::text(status, "application/json", to_json(value)); }
    static std::string authorization(const net::Request& request) { return std::string(request.header("Authorization").value_or("")); }
    bool has_match(const std::string& player) const { return clock.now() >= players.at(player).joined_at + match_after; }
    std::string token_of(const std::string& player) const {
        return matches.token_key.empty() || !gives_tokens ? ""
                                                          : app::make_join_token(matches.token_key, "m-" + player, player, clock.calendar() + 1h);
    }

    static Task<std::string> take_player(LoadTest& test, net::Request& request, std::string player) {
        const bool is_first = test.players.empty();
        test.players[player] = {test.clock.now(), authorization(request)};
        test.most_at_once = std::max(test.most_at_once, ++test.at_once);
        co_await test.clock.sleep(is_first ? test.first_join_delay : test.join_delay);
        --test.at_once;
        co_return player;
    }
    static Task<net::Response> join(LoadTest& test, net::Request& request) {
        const auto body = net::parse_json(request.body).value();
        const auto player = co_await take_player(test, request, *body.find("player_id")->as_string());
        co_return json(test.join_status, Value::object({{"session_id", "pending:" + player},
                                                        {"players", Value::array({Value(player)})},
                                                        {"connect_host", ""},
                                                        {"connect_port", 0},
                                                        {"player_token", "of-" + player}}));
    }
    static Task<net::Response> status(LoadTest& test, net::Request& request) {
        ++test.looks;
        const std::string player(request.query("player_id").value());
        if (!test.bad_state.empty()) co_return json(200, Value::object({{"status", test.bad_state}, {"reason", "nobody else came"}}));
        if (!test.has_match(player)) co_return json(200, Value::object({{"status", "pending"}}));
        co_return json(200, Value::object({{"status", "matched"},
                                           {"session_id", "m-" + player},
                                           {"connect_host", test.match_host},
                                           {"connect_port", std::int64_t{test.match_port}},
                                           {"join_token", test.token_of(player)}}));
    }
    static Task<net::Response> end(LoadTest& test, net::Request& request) {
        ++test.ends;
        test.last_end_authorization = authorization(request);
        co_return json(test.end_status, Value::object({{"status", "ended"}, {"session_id", request.parameter("session")}}));
    }
    static Task<net::Response> join_v1(LoadTest& test, net::Request& request) {
        const auto body = net::parse_json(request.body).value();
        EXPECT_EQ(*body.find("queues")->as_array()->front().as_string(), "duel");
        const auto player = co_await take_player(test, request, *body.find("players")->as_array()->front().find("id")->as_string());
        co_return json(202, Value::object({{"id", "t-" + player}, {"state", "queued"}, {"player_token", "of-" + player}}));
    }
    static Task<net::Response> ticket_v1(LoadTest& test, net::Request& request) {
        ++test.looks;
        EXPECT_EQ(request.query("wait"), "25s");
        const auto player = std::string(request.parameter("id")).substr(2);
        co_await test.clock.sleep_until(test.players.at(player).joined_at + test.match_after);
        auto server = Value::object({{"host", test.match_host}, {"port", std::int64_t{test.match_port}}});
        auto match = Value::object({{"id", "m-" + player}, {"server", std::move(server)}});
        co_return json(200, Value::object({{"id", request.parameter("id")}, {"state", "assigned"}, {"match", std::move(match)}}));
    }
};

TEST_F(LoadTest, MeasuresWhatWasReallyWaited) {
    wish.clients = "20";
    first_join_delay = 400ms;

    run();

    EXPECT_EQ(tally.begun, 20u);
    EXPECT_EQ(tally.ended_well, 20u);
    EXPECT_EQ(tally.failed, 0u);
    EXPECT_EQ(ends, 20u) << "every client ends its own";
    EXPECT_EQ(spread_of(tally.joined), (Spread{.count = 20, .p50 = 40ms, .p95 = 40ms, .p99 = 400ms, .most = 400ms}));
    // Asked at 40 ms and each half a second after: at 2,040 ms the match was there; 400 + 2,000 for the one that joined slowly.
    EXPECT_EQ(spread_of(tally.matched), (Spread{.count = 20, .p50 = 2040ms, .p95 = 2040ms, .p99 = 2400ms, .most = 2400ms}));
    EXPECT_EQ(spread_of(tally.connected), spread_of(tally.matched));
    EXPECT_EQ(took, 2400ms + 5s);
}

TEST_F(LoadTest, PlaysAsLongAsWasAskedFor) {
    wish.match_duration = "60";

    run();

    EXPECT_EQ(tally.ended_well, 4u);
    EXPECT_EQ(took, 2040ms + 60s);
}

TEST_F(LoadTest, ClientsBeginAtTheRate) {
    wish.spawn_rate = "2";
    match_after = 0ms;

    run();

    std::vector<Milliseconds> begun;
    for (const auto& [player, seen] : players) begun.push_back(seen.joined_at - players.begin()->second.joined_at);
    EXPECT_EQ(begun, (std::vector<Milliseconds>{0ms, 500ms, 1000ms, 1500ms}));
}

TEST_F(LoadTest, MatchServersAreWhereTheOverrideSays) {
    match_host = "192.0.2.1";
    wish.host_override = "127.0.0.1";

    run();

    EXPECT_EQ(tally.ended_well, 4u);
}

TEST_F(LoadTest, SpeaksOurOwnApiAndHoldsAnswers) {
    wish.api = "v1";
    wish.queue = "duel";
    wish.key = "gk_secret";

    run();

    EXPECT_EQ(tally.ended_well, 4u);
    EXPECT_EQ(looks, 4u) << "one answer each, held back until there was a match";
    EXPECT_EQ(spread_of(tally.matched).most, 2000ms);
    EXPECT_EQ(players.begin()->second.authorization, "Bearer gk_secret");
    EXPECT_TRUE(last_end_authorization.starts_with("Bearer of-load-")) << last_end_authorization;
}

TEST_F(LoadTest, ShowsTheMatchServerItsToken) {
    matches.token_key = Secret("0123456789abcdef");

    run();

    EXPECT_EQ(tally.ended_well, 4u);
}

TEST_F(LoadTest, TakesNoMoreConnectionsThanItMay) {
    wish.clients = "30";
    wish.connections = "3";

    run();

    EXPECT_EQ(tally.ended_well, 30u);
    EXPECT_EQ(most_at_once, 3u);
    EXPECT_EQ(spread_of(tally.joined).most, 400ms) << "who waits for a connection waits";
}

TEST_F(LoadTest, ClientsLiveAgain) {
    wish.clients = "2";
    wish.rounds = "3";

    run();

    EXPECT_EQ(tally.begun, 6u);
    EXPECT_EQ(tally.ended_well, 6u);
    EXPECT_EQ(players.size(), 6u) << "as another player each time";
}

TEST_F(LoadTest, FailuresAreToldApart) {
    struct Case {
        LoadFault fault;
        std::function<void()> arrange;
    };
    start_match_server();
    const auto port = match_port;
    for (const auto& [fault, arrange] : {
             Case{LoadFault::join, [this] { join_status = 503; }},
             Case{LoadFault::status, [this] { bad_state = "confused"; }},
             Case{LoadFault::expired, [this] { bad_state = "expired"; }},
             Case{LoadFault::no_match, [this] { match_after = 24h; }},
             Case{LoadFault::connect, [this] { match_port = 1; }},
             Case{LoadFault::end, [this] { end_status = 403; }},
         }) {
        arrange();

        run();

        EXPECT_EQ(tally.failed, 4u) << name_of(fault);
        EXPECT_EQ(faults(fault), 4u) << name_of(fault) << ", not " << tally.faults.begin()->second.example;
        tally = {};
        players.clear();
        join_status = end_status = 200;
        bad_state.clear();
        match_after = 2s;
        match_port = port;
    }
}

TEST_F(LoadTest, IsToldWhenAMatchServerTurnsItAway) {
    matches.token_key = Secret("0123456789abcdef");
    gives_tokens = false;

    run();

    EXPECT_EQ(faults(LoadFault::turned_away), 4u);
}

}  // namespace
}  // namespace gk::programs
