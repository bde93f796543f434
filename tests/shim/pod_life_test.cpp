#include <gtest/gtest.h>

#include "tests/shim/pod_run.hpp"

namespace gk::pod_test {
namespace {

using wire::shim::Cause;
using Kind = RuntimeError::Kind;

TEST(PodShim, IsIdleUntilItIsAskedAndIdleAgainAfterwards) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    plane.link();
    EXPECT_EQ((*plane)->status().phase, Phase::idle);
    EXPECT_TRUE(fs::is_directory(pod.volume / "data"));

    for (int round = 1; round <= 2; ++round) {
        SCOPED_TRACE(round);
        ASSERT_TRUE(plane.run(pod.toy()));
        plane.until(Phase::ready);
        EXPECT_EQ(plane.ask(Op::command, "say hello").value_or("none"), "hello");
        EXPECT_EQ(plane.ask(Op::tell, "say told").value_or("none"), "");
        ASSERT_TRUE(plane.ask(Op::stop));
        const auto status = plane.until(Phase::exited);
        EXPECT_EQ(status.exit->cause, Cause::asked);
        EXPECT_EQ(status.exit->code, 0);
        ASSERT_TRUE(plane.ask(Op::acknowledge));
        EXPECT_EQ(plane.until(Phase::idle).exit, std::nullopt);
        EXPECT_FALSE(fs::exists(pod.run / layout::spec_file));
        EXPECT_FALSE(fs::exists(pod.run / layout::exit_file));
    }
}

TEST(PodShim, RunsOneGameAtATime) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    ASSERT_TRUE(plane.link().run(pod.toy()));
    plane.until(Phase::ready);

    EXPECT_TRUE(plane.run(pod.toy())) << "the same one again: its answer may have been lost";
    EXPECT_EQ(plane.run(pod.toy({"--world", "elsewhere"})).error().kind, Kind::unavailable);
    ASSERT_TRUE(plane.ask(Op::kill));
    plane.until(Phase::exited);
    EXPECT_EQ(plane.run(pod.toy()).error().kind, Kind::unavailable) << "its end has not been acknowledged";
}

TEST(PodShim, StaysIdleWhenAGameCannotBeStarted) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    plane.link();
    auto nowhere = pod.toy();
    nowhere.program.argv = {"/no/such/program"};
    auto contained = pod.toy();
    contained.mode = wire::shim::Mode::runc;
    auto pattern = pod.toy();
    pattern.ready.log_pattern = "(";

    for (const auto& spec : {nowhere, contained, pattern}) EXPECT_EQ(plane.run(spec).error().kind, Kind::invalid);
    EXPECT_EQ(plane.wait((*plane)->ask(Op::run, "nonsense", Epoch{1}, patience)).error().kind, Kind::invalid);

    EXPECT_EQ((*plane)->status().phase, Phase::idle);
    EXPECT_TRUE(plane.run(pod.toy()));
}

TEST(PodShim, SaysThatARunWasLostWhenItsContainerWasStartedAgain) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    {
        Plane plane(pod);
        ASSERT_TRUE(plane.link().run(pod.toy()));
        plane.until(Phase::ready);
    }
    pod.kill_everything();

    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    plane.link();
    const auto status = (*plane)->status();

    EXPECT_EQ(status.phase, Phase::exited);
    ASSERT_TRUE(status.exit);
    EXPECT_EQ(status.exit->cause, Cause::lost);
    EXPECT_NE(status.exit->tail.find("ready"), std::string::npos);
    EXPECT_GT(status.exit->at, Time{});
    EXPECT_EQ(plane.run(pod.toy()).error().kind, Kind::unavailable);
    EXPECT_TRUE(plane.ask(Op::stop)) << "nothing runs: that is what was wanted";
    EXPECT_TRUE(plane.ask(Op::acknowledge));
    EXPECT_EQ(plane.until(Phase::idle).exit, std::nullopt);
    EXPECT_TRUE(plane.run(pod.toy()));
}

TEST(PodShim, TellsTheEndOfARunOnceMoreWhenItsContainerWasStartedAgain) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    std::optional<wire::shim::Exit> told;
    {
        Plane plane(pod);
        ASSERT_TRUE(plane.link().run(pod.toy()));
        plane.until(Phase::ready);
        ASSERT_TRUE(plane.ask(Op::stop));
        told = plane.until(Phase::exited).exit;
    }
    pod.kill_everything();
    ASSERT_TRUE(pod.start());
    Plane plane(pod);

    EXPECT_EQ((*plane.link())->status().exit, told);
}

TEST(PodShim, KnowsThatTheKernelEndedTheGameForWantOfMemory) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    ASSERT_TRUE(plane.link().run(pod.toy()));
    plane.until(Phase::ready);

    pod.put_memory_kills(1);
    (void)plane.ask(Op::command, "exit 7");

    EXPECT_EQ(plane.until(Phase::exited).exit->cause, Cause::out_of_memory);
}

TEST(PodShim, StopsTheGameAndEndsWhenThePodIsToEnd) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    ASSERT_TRUE(plane.link().run(pod.toy()));
    plane.until(Phase::ready);

    pod.terminate();

    EXPECT_EQ(plane.until(Phase::exited).exit->cause, Cause::asked);
    EXPECT_EQ(pod.wait_for_end(), 0);
    EXPECT_TRUE(fs::exists(pod.run / layout::exit_file));
}

TEST(PodShim, EndsAtOnceWhenNothingRuns) {
    PodRun pod;
    ASSERT_TRUE(pod.start());

    pod.terminate();

    EXPECT_EQ(pod.wait_for_end(), 0);
}

TEST(PodShim, GoesOnWithoutClients) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    {
        Plane plane(pod);
        ASSERT_TRUE(plane.link().run(pod.toy()));
        plane.until(Phase::ready);
    }
    Plane later(pod);

    EXPECT_EQ((*later.link())->status().phase, Phase::ready);
}

TEST(PodShim, CopiesItselfForImagesThatDoNotHaveIt) {
    const test::TemporaryDirectory directory;
    const auto command = program("gk-shim") + " --install " + directory.path().string();

    ASSERT_EQ(std::system(command.c_str()), 0);

    EXPECT_EQ(content(directory.path() / "gk-shim"), content(program("gk-shim")));
    EXPECT_EQ(::access((directory.path() / "gk-shim").c_str(), X_OK), 0);
}

TEST(PodShim, IsSmall) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    ASSERT_TRUE(plane.link().run(pod.toy()));
    plane.until(Phase::ready);
    const auto status = content(fmt::format("/proc/{}/status", pod.shim()));
    const auto rss = std::atoi(status.c_str() + status.find("VmRSS:") + 6);

    fmt::print("gk-shim --pod with a game and a client: {} KiB resident, a program of {} KiB\n", rss, fs::file_size(program("gk-shim")) / 1024);

    EXPECT_LE(rss, GK_SHIM_RSS_KIB_MAX);
}

}  // namespace
}  // namespace gk::pod_test
