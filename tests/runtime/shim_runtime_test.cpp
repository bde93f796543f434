// What a runtime promises (ports/runtime.hpp), kept by ShimRuntime with the real gk-shim over both hosts.
#include "adapters/shim/shim_runtime.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <signal.h>
#include <string>

#include <gtest/gtest.h>

#include "async/deadline.hpp"
#include "async/signal.hpp"
#include "tests/host/rig.hpp"

namespace gk::runtime_test {
namespace {

using host_test::Rig;
using host_test::text_of;
using shim::ShimRuntime;
using Process = Seen::Process;

Task<void> raised(async::Signal& signal) { co_await signal.wait(); }

// Woken by the runtime, as a keeper is; the deadline only ends a test that has failed.
Task<Seen> until(Rig& rig, ShimRuntime& runtime, ServerUid uid, std::function<bool(const Seen&)> holds) {
    async::Signal changed;
    const auto watching = runtime.watch([&](ServerUid which) {
        if (which == uid) changed.raise();
    });
    const auto give_up = rig.clock.now() + Milliseconds(20'000);
    for (;;) {
        const auto seen = co_await runtime.observe(uid);
        if (seen && holds(*seen)) co_return *seen;
        auto waiting = raised(changed);
        const bool in_time = co_await async::finishes_by(rig.clock, give_up, std::move(waiting));
        if (in_time) continue;
        ADD_FAILURE() << "it did not come to that: " << text_of(seen);
        co_return Seen{};
    }
}

class ShimRuntimeContract : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        if (GetParam() == "launcher" && !host_test::is_root()) GTEST_SKIP() << "needs root";
        if (GetParam() == "launcher") rig = std::make_unique<host_test::LauncherRig>();
        else rig = std::make_unique<host_test::PlainRig>();
        take_over();
    }
    void TearDown() override { runtime.reset(); }
    // As a control plane that was restarted would.
    void take_over() {
        runtime.reset();
        runtime.emplace(rig->io.get_executor(), rig->clock, rig->host(), rig->state);
    }
    server::LaunchSpec toy(std::vector<std::string> arguments = {}) const {
        auto spec = rig->game(one, std::move(arguments));
        spec.ready.log_pattern = "^ready$";
        spec.console.kind = server::Console::Kind::input;
        spec.stop = {{.kind = server::StopRung::Kind::command, .command = "stop", .wait = Milliseconds(5000)}};
        spec.quiesce = {.before = {"save-off", "save-all"}, .confirm_pattern = "^Saved the game$", .after = {"save-on"}};
        return spec;
    }
    void start(server::LaunchSpec spec, Epoch epoch = Epoch{1}) {
        EXPECT_OK(runtime->create_disk(one, {.size = {32}, .slot = spec.slot}, epoch));
        EXPECT_OK(runtime->launch(std::move(spec), epoch));
    }
    Seen wait_for(Process process) {
        return rig->run(until(*rig, *runtime, one, [process](const Seen& seen) { return seen.process == process; }));
    }

    std::unique_ptr<Rig> rig;
    std::optional<ShimRuntime> runtime;
    ServerUid one = host_test::server(1);
};

TEST_P(ShimRuntimeContract, AGameIsStartedWatchedAskedStoppedAndCleaned) {
    EXPECT_EQ(rig->run(runtime->observe(one))->process, Process::gone);
    start(toy());
    EXPECT_EQ(wait_for(Process::ready).disk, Seen::Disk::present);
    EXPECT_OK(runtime->launch(toy(), Epoch{1}));  // Again, after a lost reply.
    EXPECT_EQ(rig->run(runtime->command(one, std::string("say hello"), Epoch{1})).value_or("none"), "hello");
    EXPECT_OK(runtime->tell(one, std::string("say told"), Epoch{1}));

    EXPECT_OK(runtime->stop(one, Epoch{1}));
    const auto seen = wait_for(Process::exited);
    const auto lines = rig->run(runtime->logs(one, 0, 100)).value_or(std::vector<LogLine>());
    EXPECT_TRUE(std::ranges::any_of(lines, [](const auto& line) { return line.line == "told"; }));
    EXPECT_OK(runtime->stop(one, Epoch{1}));
    ASSERT_TRUE(seen.exit);
    EXPECT_EQ(seen.exit->cause, server::ExitCause::asked);
    EXPECT_EQ(seen.exit->code, 0);
    EXPECT_OK(runtime->clean(one, Epoch{1}));
    EXPECT_OK(runtime->clean(one, Epoch{1}));

    EXPECT_EQ(rig->run(runtime->observe(one))->process, Process::gone);
    EXPECT_EQ(rig->run(runtime->observe(one))->disk, Seen::Disk::present);
}

TEST_P(ShimRuntimeContract, ANewControlPlaneFindsTheGameThatRuns) {
    start(toy());
    wait_for(Process::ready);

    take_over();
    EXPECT_OK(runtime->fence(Epoch{2}));

    EXPECT_EQ(rig->run(runtime->observe(one))->process, Process::ready);
    EXPECT_EQ(rig->run(runtime->list())->size(), 1U);
    EXPECT_EQ(rig->run(runtime->stop(one, Epoch{1})).error().kind, RuntimeError::Kind::refused);
    EXPECT_OK(runtime->stop(one, Epoch{2}));
    wait_for(Process::exited);
}

TEST_P(ShimRuntimeContract, ALeaderThatWasReplacedIsRefusedByTheShimItself) {
    start(toy());
    wait_for(Process::ready);
    ShimRuntime replacement(rig->io.get_executor(), rig->clock, rig->host(), rig->state);

    EXPECT_OK(replacement.fence(Epoch{2}));

    EXPECT_EQ(rig->run(runtime->stop(one, Epoch{1})).error().kind, RuntimeError::Kind::refused);
    EXPECT_EQ(rig->run(runtime->command(one, std::string("say x"), Epoch{1})).error().kind, RuntimeError::Kind::refused);
    EXPECT_EQ(rig->run(replacement.observe(one))->process, Process::ready);
}

TEST_P(ShimRuntimeContract, AnEndIsKeptForWhoeverComesLater) {
    start(toy({"--exit", "7", "--after", "1"}));
    rig->wait_for_exit(one);

    take_over();
    const auto seen = rig->run(runtime->observe(one));

    ASSERT_TRUE(seen && seen->exit) << text_of(seen);
    EXPECT_EQ(seen->exit->cause, server::ExitCause::crashed);
    EXPECT_EQ(seen->exit->code, 7);
    EXPECT_NE(seen->exit->log_tail.find("ready"), std::string::npos);
}

TEST_P(ShimRuntimeContract, ALostShimIsToldAndItsGameDoesNotOutliveTheCleaning) {
    start(toy());
    wait_for(Process::ready);
    ::kill(std::stoi(host_test::read_text(rig->folder(one) + "/run/pid")), SIGKILL);

    const auto seen = wait_for(Process::exited);
    EXPECT_EQ(seen.exit->cause, server::ExitCause::lost);
    EXPECT_EQ(seen.exit->log_tail, "ready");
    EXPECT_OK(runtime->clean(one, Epoch{1}));

    EXPECT_EQ(rig->run(runtime->observe(one))->process, Process::gone);
    EXPECT_OK(runtime->launch(toy(), Epoch{1}));
    wait_for(Process::ready);
}

TEST_P(ShimRuntimeContract, KillEndsWhatIgnoresEverything) {
    start(toy({"--ignore-term"}));
    wait_for(Process::ready);

    EXPECT_OK(runtime->kill(one, Epoch{1}));

    EXPECT_EQ(wait_for(Process::exited).exit->signal, SIGKILL);
    EXPECT_OK(runtime->kill(one, Epoch{1}));
}

TEST_P(ShimRuntimeContract, AGameThatIgnoresASignalKeepsTheTimeOfItsRung) {
    auto deaf = toy({"--ignore-term"});
    deaf.stop = {{.kind = server::StopRung::Kind::signal, .signal = SIGTERM, .wait = Milliseconds(300)}};
    start(std::move(deaf));
    wait_for(Process::ready);

    EXPECT_OK(runtime->stop(one, Epoch{1}));
    wait_for(Process::exited);

    const auto log = rig->run(runtime->logs(one, 0, 1000)).value();
    const auto is_killing = [](const LogLine& line) { return line.line.contains("killing it"); };
    EXPECT_TRUE(std::ranges::any_of(log, is_killing)) << "it was killed only when its time was over";
}

TEST_P(ShimRuntimeContract, QuietIsKeptAndUndone) {
    start(toy());
    wait_for(Process::ready);

    EXPECT_OK(runtime->quiesce(one, Epoch{1}));
    EXPECT_TRUE(rig->run(runtime->observe(one))->quiesced);
    EXPECT_OK(runtime->resume(one, Epoch{1}));

    EXPECT_FALSE(rig->run(runtime->observe(one))->quiesced);
}

TEST_P(ShimRuntimeContract, QuietEndsWithTheControlPlaneThatAskedForIt) {
    start(toy());
    wait_for(Process::ready);
    EXPECT_OK(runtime->quiesce(one, Epoch{1}));

    take_over();

    rig->run(until(*rig, *runtime, one, [](const Seen& seen) { return seen.process == Process::ready && !seen.quiesced; }));
}

TEST_P(ShimRuntimeContract, AGameWithoutCommandsHasNothingToQuiesce) {
    auto spec = toy();
    spec.console = {};
    spec.stop.clear();
    spec.quiesce = {};
    start(std::move(spec));
    wait_for(Process::ready);

    EXPECT_EQ(rig->run(runtime->quiesce(one, Epoch{1})).error().kind, RuntimeError::Kind::not_found);
    EXPECT_EQ(rig->run(runtime->command(one, std::string("say x"), Epoch{1})).error().kind, RuntimeError::Kind::not_found);
}

TEST_P(ShimRuntimeContract, LogsAreReadWithACursorAlsoAfterTheEnd) {
    start(toy({"--lines", "500"}));
    wait_for(Process::ready);
    const auto cursor = rig->run(runtime->log_cursor_from_end(one, 2));
    const auto last = rig->run(runtime->logs(one, cursor.value_or(0), 10));
    ASSERT_TRUE(last && last->size() == 2) << text_of(last);
    EXPECT_EQ(last->front().line, "line 500");
    EXPECT_EQ(last->back().line, "ready");

    EXPECT_OK(runtime->kill(one, Epoch{1}));
    wait_for(Process::exited);
    EXPECT_OK(runtime->clean(one, Epoch{1}));

    EXPECT_EQ(rig->run(runtime->logs(one, 0, 1000))->front().line, "line 1");
    EXPECT_FALSE(rig->run(runtime->logs(one, last->back().cursor, 10))->empty()) << "the shim's own notes on the end";
}

// Reads what a follower would: woken, never asking again by itself.
Task<std::string> followed(Rig& rig, ShimRuntime& runtime, ServerUid uid, std::string wanted) {
    async::Signal grown;
    const auto watching = runtime.watch_log(uid, [&] { grown.raise(); });
    if (!watching) co_return watching.error().detail;
    const auto give_up = rig.clock.now() + Milliseconds(20'000);
    std::uint64_t cursor = 0;
    for (;;) {
        const auto lines = co_await runtime.logs(uid, cursor, 100);
        for (const auto& line : *lines) {
            if (line.line == wanted) co_return wanted;
            cursor = line.cursor;
        }
        if (!lines->empty()) continue;
        auto waiting = raised(grown);
        const bool in_time = co_await async::finishes_by(rig.clock, give_up, std::move(waiting));
        if (!in_time) co_return "it never came";
    }
}

TEST_P(ShimRuntimeContract, AFollowerIsWokenByEveryLineAlsoOfALaterRun) {
    int wakes = 0;
    const auto early = runtime->watch_log(one, [&wakes] { ++wakes; });  // Nothing is there of this server yet.
    ASSERT_TRUE(early) << text_of(early);
    start(toy());
    EXPECT_EQ(rig->run(followed(*rig, *runtime, one, "ready")), "ready");
    EXPECT_GT(wakes, 0);
    wakes = 0;
    EXPECT_EQ(rig->run(runtime->command(one, std::string("say hello"), Epoch{1})).value_or("none"), "hello");
    EXPECT_EQ(rig->run(followed(*rig, *runtime, one, "hello")), "hello");
    EXPECT_GT(wakes, 0);

    EXPECT_OK(runtime->kill(one, Epoch{1}));
    wait_for(Process::exited);
    EXPECT_OK(runtime->clean(one, Epoch{1}));
    rig->io.poll();
    wakes = 0;
    EXPECT_OK(runtime->launch(toy({"--lines", "7"}), Epoch{1}));
    EXPECT_EQ(rig->run(followed(*rig, *runtime, one, "line 7")), "line 7");
    EXPECT_GT(wakes, 0);
}

TEST_P(ShimRuntimeContract, AWorldThatIsUsedIsNotTakenAway) {
    start(toy());
    wait_for(Process::ready);

    EXPECT_EQ(rig->run(runtime->free_disk(one, Epoch{1})).error().kind, RuntimeError::Kind::invalid);
    EXPECT_EQ(rig->run(runtime->commit_staged(one, Epoch{1})).error().kind, RuntimeError::Kind::invalid);
    EXPECT_EQ(rig->run(runtime->clean(one, Epoch{1})).error().kind, RuntimeError::Kind::invalid);
}

TEST_P(ShimRuntimeContract, AStagedWorldTakesThePlaceOfTheLiveOne) {
    EXPECT_OK(runtime->create_disk(one, {.size = {32}, .slot = 1}, Epoch{1}));
    EXPECT_OK(runtime->stage_disk(one, {.size = {32}, .slot = 1}, Epoch{1}));
    host_test::write_text(rig->world(one, Host::Disk::staged) + "/new", "new");
    EXPECT_TRUE(rig->run(runtime->observe(one))->staged);

    EXPECT_OK(runtime->commit_staged(one, Epoch{1}));

    EXPECT_FALSE(rig->run(runtime->observe(one))->staged);
    EXPECT_EQ(host_test::read_text(rig->world(one) + "/new"), "new");
    EXPECT_OK(runtime->free_disk(one, Epoch{1}));
    EXPECT_EQ(rig->run(runtime->observe(one))->disk, Seen::Disk::absent);
}

TEST_P(ShimRuntimeContract, WhatCannotStartSaysWhyAndLeavesNothing) {
    auto spec = toy();
    spec.argv = {"/no/such/game"};
    EXPECT_OK(runtime->create_disk(one, {.size = {32}, .slot = spec.slot}, Epoch{1}));

    const auto launched = rig->run(runtime->launch(std::move(spec), Epoch{1}));

    ASSERT_FALSE(launched);
    EXPECT_NE(launched.error().detail.find("/no/such/game"), std::string::npos) << launched.error().detail;
    EXPECT_EQ(rig->run(runtime->observe(one))->process, Process::gone);
}

INSTANTIATE_TEST_SUITE_P(Hosts, ShimRuntimeContract, testing::Values("launcher", "plain"), [](const auto& info) { return info.param; });

// R2: after a restart of the control plane 200 games are found again in two seconds.
TEST(ShimRuntimeScale, FindsTwoHundredGamesAgain) {
    host_test::PlainRig rig;
    std::vector<ServerUid> servers;
    {
        ShimRuntime runtime(rig.io.get_executor(), rig.clock, rig.host(), rig.state);
        for (std::uint32_t slot = 1; slot <= 200; ++slot) {
            servers.push_back(host_test::server(slot));
            ASSERT_TRUE(rig.run(runtime.create_disk(servers.back(), {.size = {32}, .slot = slot}, Epoch{1})));
            auto spec = rig.game(servers.back());
            const auto launched = rig.run(runtime.launch(std::move(spec), Epoch{1}));
            ASSERT_TRUE(launched) << text_of(launched);
        }
        for (const auto uid : servers) rig.run(until(rig, runtime, uid, [](const Seen& seen) { return seen.process == Process::ready; }));
    }
    ShimRuntime runtime(rig.io.get_executor(), rig.clock, rig.host(), rig.state);

    const auto began = rig.clock.now();
    ASSERT_TRUE(rig.run(runtime.fence(Epoch{2})));
    for (const auto uid : servers) EXPECT_EQ(rig.run(runtime.observe(uid))->process, Process::ready);
    const auto took = rig.clock.now() - began;

    RecordProperty("found_again_ms", static_cast<int>(took.count()));
    EXPECT_LE(took, Milliseconds(2000));
}

}  // namespace
}  // namespace gk::runtime_test
