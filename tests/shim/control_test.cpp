#include <algorithm>
#include <chrono>
#include <cstdio>

#include <gtest/gtest.h>

#include "tests/shim/shim_run.hpp"

namespace gk::shim_test {
namespace {

using wire::shim::Outcome;
using wire::shim::Phase;

TEST(ShimControl, RefusesAnOlderEpochOnceItHasSeenANewerOne) {
    ShimRun run;
    ASSERT_EQ(run.start(), "executed\n");
    Client old_leader(run.run, Epoch{1});
    Client new_leader(run.run, Epoch{2});
    old_leader.send(Op::hello);
    old_leader.until(Phase::ready);

    EXPECT_EQ(new_leader.ask(Op::hello).outcome, Outcome::ok);

    for (const auto op : {Op::hello, Op::stop, Op::kill, Op::command, Op::quiesce, Op::resume, Op::acknowledge, Op::tell}) {
        EXPECT_EQ(old_leader.ask(op, "say x").outcome, Outcome::stale) << name_of(op);
    }
    EXPECT_EQ(new_leader.ask(Op::command, "say still here").text, "still here");
}

TEST(ShimControl, RefusesAnEpochOlderThanTheOneThatStartedIt) {
    ShimRun run;
    run.spec.epoch = Epoch{5};
    ASSERT_EQ(run.start(), "executed\n");

    EXPECT_EQ(Client(run.run, Epoch{4}).ask(Op::stop).outcome, Outcome::stale);
    EXPECT_EQ(Client(run.run, Epoch{5}).ask(Op::hello).outcome, Outcome::ok);
}

TEST(ShimControl, LetsOneWithoutAnEpochLookAndDoNothing) {
    ShimRun run;
    ASSERT_EQ(run.start(), "executed\n");
    Client onlooker(run.run, Epoch{0});

    EXPECT_EQ(onlooker.ask(Op::hello).outcome, Outcome::ok);
    EXPECT_EQ(onlooker.until(Phase::ready).epoch, Epoch{1});

    EXPECT_EQ(onlooker.ask(Op::stop).outcome, Outcome::stale);
}

TEST(ShimControl, SurvivesAClientThatVanishesAndOneThatSpeaksNonsense) {
    ShimRun run;
    ASSERT_EQ(run.start(), "executed\n");
    {
        Client vanishing(run.run);
        vanishing.send(Op::hello);
        vanishing.send(Op::command, "say hello");
    }
    Client nonsense(run.run);
    nonsense.send_raw("GET / HTTP/1.1\r\n\r\n");

    EXPECT_FALSE(nonsense.next()) << "it is cut off";
    Client client(run.run);
    client.send(Op::hello);
    EXPECT_EQ(client.until(Phase::ready).phase, Phase::ready);
}

TEST(ShimControl, AnswersCommandsWithWhatTheGamePrints) {
    ShimRun run;
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);
    client.send(Op::hello);
    client.until(Phase::ready);

    const auto first = client.send(Op::command, "say one");
    const auto second = client.send(Op::command, "say two");

    EXPECT_EQ(client.answer_to(first).text, "one");
    EXPECT_EQ(client.answer_to(second).text, "two");
    EXPECT_EQ(client.ask(Op::command, "two\nlines").outcome, Outcome::invalid);
    EXPECT_EQ(client.ask(Op::command, "").outcome, Outcome::invalid);
}

TEST(ShimControl, TellsAGameWhatNeedsNoAnswer) {
    ShimRun run;
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);
    EXPECT_TRUE(wire::shim::knows(client.ask(Op::hello).text, Op::tell));
    client.until(Phase::ready);
    const auto players = std::string(wire::shim::command_size_max, 'p');

    const auto told = client.ask(Op::tell, "say " + players);

    EXPECT_EQ(told.outcome, Outcome::ok);
    EXPECT_EQ(told.text, "");
    EXPECT_EQ(client.ask(Op::command, "say " + players).outcome, Outcome::invalid) << "only what it is told may be so long";
    EXPECT_EQ(client.ask(Op::tell, "two\nlines").outcome, Outcome::invalid);
    EXPECT_EQ(client.ask(Op::command, "say end").outcome, Outcome::ok);
    EXPECT_NE(run.all_logs().find(players), std::string::npos);
}

// What a game says after a command is waited for; nobody who tells it something waits with them.
struct Mute : testing::Test {
    void SetUp() override {
        run.spec.program.argv = {"/bin/sleep", "1000"};
        run.spec.ready.log_pattern = "";
        ASSERT_EQ(run.start(), "executed\n");
        client.emplace(run.run);
    }
    // The answer that comes first.
    wire::shim::Answer next_answer() {
        for (;;) {
            auto message = client->next();
            if (!message) return {.text = "the connection ended"};
            if (const auto* answer = std::get_if<wire::shim::Answer>(&*message)) return *answer;
        }
    }
    ShimRun run;
    std::optional<Client> client;
};

TEST_F(Mute, IsToldWithoutWaitingForTheAnswerToACommand) {
    const auto asked = client->send(Op::command, "anybody there?");
    const auto told = client->send(Op::tell, "nobody need answer");

    EXPECT_EQ(next_answer().id, told);
    EXPECT_EQ(next_answer().id, asked);
}

TEST_F(Mute, IsToldInNoTime) {
    using clock = std::chrono::steady_clock;
    std::vector<clock::duration> times;
    for (int i = 0; i < 200; ++i) {
        const auto begin = clock::now();
        ASSERT_EQ(client->ask(Op::tell, R"(ALLOCATE 11111111-1111-4111-8111-111111111111 ["ann","ben"])").outcome, Outcome::ok);
        times.push_back(clock::now() - begin);
    }
    std::ranges::sort(times);
    const auto us = [](clock::duration time) { return static_cast<long>(std::chrono::duration_cast<std::chrono::microseconds>(time).count()); };
    std::printf("a game is told a line: median %ld us, worst but one of 200 %ld us\n", us(times[100]), us(times[198]));
    EXPECT_LT(times[100], std::chrono::milliseconds(50)) << "a command takes half a second here";
}

TEST_F(Mute, HasNotBeenToldWhatItCannotRead) {
    const std::string line(wire::shim::told_size_max, 'x');

    EXPECT_EQ(client->ask(Op::tell, line).outcome, Outcome::ok) << "it fits the pipe";
    const auto told = client->send(Op::tell, line);
    EXPECT_EQ(client->ask(Op::kill).outcome, Outcome::ok);

    EXPECT_EQ(client->answer_to(told).outcome, Outcome::unavailable);
}

TEST(ShimControl, SaysThatAGameTakesNoCommands) {
    ShimRun run;
    run.spec.console = {};
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    EXPECT_EQ(client.ask(Op::command, "say x").outcome, Outcome::not_found);
    EXPECT_EQ(client.ask(Op::tell, "say x").outcome, Outcome::not_found);
    EXPECT_EQ(client.ask(Op::resume).outcome, Outcome::not_found);
}

struct Quiet : testing::Test {
    void start(Milliseconds timeout) {
        run.add_arguments({"--world", run.world.string()});
        run.spec.quiesce = {.before = {"save-off", "save-all"}, .confirm_pattern = "^Saved the game$", .after = {"save-on"}, .timeout = timeout};
        ASSERT_EQ(run.start(), "executed\n");
        client.emplace(run.run);
        client->send(Op::hello);
        client->until(Phase::ready);
    }
    void expect_undone() {
        client->until([](const auto& status) { return !status.quiesced; });
        // A command behind it is answered when the one before has been.
        EXPECT_EQ(client->ask(Op::command, "say end").outcome, Outcome::ok);
        EXPECT_NE(run.all_logs().find("Automatic saving is now enabled"), std::string::npos);
    }
    ShimRun run;
    std::optional<Client> client;
};

TEST_F(Quiet, LastsUntilItIsUndone) {
    start(Milliseconds(20'000));

    EXPECT_EQ(client->ask(Op::quiesce).outcome, Outcome::ok);
    EXPECT_TRUE(client->until([](const auto& s) { return s.quiesced; }).quiesced);
    EXPECT_EQ(content(run.world / "saved"), "saved\n");
    EXPECT_EQ(client->ask(Op::resume).outcome, Outcome::ok);

    expect_undone();
}

TEST_F(Quiet, EndsByItselfWhenItsTimeIsOver) {
    start(Milliseconds(1'000));

    EXPECT_EQ(client->ask(Op::quiesce).outcome, Outcome::ok);

    expect_undone();
}

TEST_F(Quiet, EndsWhenTheConnectionThatAskedIsLost) {
    start(Milliseconds(20'000));
    {
        Client holder(run.run);
        ASSERT_EQ(holder.ask(Op::quiesce).outcome, Outcome::ok);
        client->until([](const auto& s) { return s.quiesced; });
    }

    expect_undone();
}

TEST_F(Quiet, IsUndoneWhenTheGameDoesNotConfirm) {
    run.spec.quiesce.confirm_pattern = "never";
    run.add_arguments({"--world", run.world.string()});
    run.spec.quiesce = {.before = {"save-off"}, .confirm_pattern = "never", .after = {"save-on"}, .timeout = Milliseconds(300)};
    ASSERT_EQ(run.start(), "executed\n");
    client.emplace(run.run);
    client->send(Op::hello);
    client->until(Phase::ready);

    EXPECT_EQ(client->ask(Op::quiesce).outcome, Outcome::unavailable);

    expect_undone();
}

}  // namespace
}  // namespace gk::shim_test
