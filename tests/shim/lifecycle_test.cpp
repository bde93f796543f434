#include <gtest/gtest.h>

#include "tests/shim/shim_run.hpp"

namespace gk::shim_test {
namespace {

using wire::shim::Cause;
using wire::shim::Phase;

TEST(ShimLifecycle, BecomesReadyAndStopsWhenAsked) {
    ShimRun run;
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);
    client.until(Phase::ready);
    EXPECT_EQ(client.ask(Op::stop).outcome, wire::shim::Outcome::ok);
    const auto status = client.until(Phase::exited);

    ASSERT_TRUE(status.exit);
    EXPECT_EQ(status.exit->cause, Cause::asked);
    EXPECT_EQ(status.exit->code, 0);
    EXPECT_NE(status.exit->tail.find("stopped"), std::string::npos);
    EXPECT_GT(status.exit->memory_peak_bytes, 0U);
    EXPECT_EQ(run.exit_file(), *status.exit);
    EXPECT_EQ(client.ask(Op::acknowledge).outcome, wire::shim::Outcome::ok);
    EXPECT_EQ(run.wait_for_shim(), 0);
    EXPECT_FALSE(fs::exists(run.run / layout::socket_file));
}

struct EndingCase {
    const char* name;
    std::vector<std::string> commands;
    Cause cause;
    std::optional<int> signal;
    std::optional<int> code;
};

TEST(ShimLifecycle, TellsHowTheGameEnded) {
    const std::vector<EndingCase> cases{
        {"a clean end that nobody asked for is a crash", {"exit 0"}, Cause::crashed, {}, 0},
        {"an exit code", {"exit 7"}, Cause::crashed, {}, 7},
        {"a signal", {"crash"}, Cause::crashed, SIGSEGV, {}},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.name);
        ShimRun run;
        ASSERT_EQ(run.start(), "executed\n");
        Client client(run.run);
        client.send(Op::hello);
        client.until(Phase::ready);

        for (const auto& command : row.commands) client.send(Op::command, command);
        const auto status = client.until(Phase::exited);

        ASSERT_TRUE(status.exit);
        EXPECT_EQ(status.exit->cause, row.cause);
        EXPECT_EQ(status.exit->signal, row.signal);
        EXPECT_EQ(status.exit->code, row.code);
    }
}

TEST(ShimLifecycle, RecordsAnEndEvenWhenItComesAtOnce) {
    ShimRun run;
    run.add_arguments({"--exit", "3"});
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);

    EXPECT_EQ(client.until(Phase::exited).exit->code, 3);
    EXPECT_EQ(run.exit_file().cause, Cause::crashed);
}

TEST(ShimLifecycle, GivesUpAGameThatDoesNotBecomeReady) {
    ShimRun run;
    run.spec.ready.log_pattern = "never printed";
    run.spec.ready.timeout = Milliseconds(50);
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);

    EXPECT_EQ(client.until(Phase::exited).exit->cause, Cause::start_timeout);
}

TEST(ShimLifecycle, ClimbsTheLadderInOrder) {
    ShimRun run;
    run.add_arguments({"--ignore-term"});
    run.spec.stop = {{.kind = wire::shim::Rung::Kind::command, .command = "say please", .signal = 0, .wait = Milliseconds(40)},
                     {.kind = wire::shim::Rung::Kind::signal, .command = {}, .signal = SIGTERM, .wait = Milliseconds(40)}};
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);
    client.send(Op::hello);
    client.until(Phase::ready);

    client.send(Op::stop);
    const auto status = client.until(Phase::exited);

    EXPECT_EQ(status.exit->cause, Cause::asked);
    EXPECT_EQ(status.exit->signal, SIGKILL);
    const auto log = run.all_logs();
    const auto please = log.find("stopping it by the command say please");
    const auto term = log.find("stopping it by signal 15");
    const auto kill = log.find("killing it");
    ASSERT_NE(kill, std::string::npos);
    EXPECT_LT(please, term);
    EXPECT_LT(term, kill);
    EXPECT_NE(log.find(" please\n"), std::string::npos) << "the game has seen the command";
}

TEST(ShimLifecycle, StopsTheGameWhenItIsToEndItself) {
    ShimRun run;
    ASSERT_EQ(run.start(), "executed\n");

    ::kill(run.shim(), SIGTERM);

    EXPECT_EQ(run.wait_for_shim(), 0) << "it does not wait for a client";
    EXPECT_EQ(run.exit_file().cause, Cause::asked);
}

TEST(ShimLifecycle, LeavesOrphansOfTheGameBehindForNobody) {
    ShimRun run;
    run.spec.program.argv = {"/bin/sh", "-c", "setsid sleep 1000 & echo ready $!; read line; exit 0"};
    run.spec.ready.log_pattern = "^ready ";
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);
    client.send(Op::hello);
    client.until(Phase::ready);
    const auto log = run.all_logs();
    const pid_t orphan = std::atoi(log.c_str() + log.find("ready ") + 6);
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, orphan, 0));
    ASSERT_GE(process, 0);

    client.send(Op::command, "go");
    client.until(Phase::exited);

    EXPECT_TRUE(readable(process)) << "the orphan has ended";
    ::close(process);
}

TEST(ShimLifecycle, ReportsWhatItCannotStart) {
    ShimRun no_program;
    no_program.spec.program.argv = {"/no/such/game"};
    ShimRun no_folder;
    no_folder.spec.program.working_directory = "/no/such/folder";
    ShimRun bad_pattern;
    bad_pattern.spec.ready.log_pattern = "(";
    ShimRun no_document;

    EXPECT_EQ(no_program.start().find("error: cannot start /no/such/game"), 0U);
    EXPECT_EQ(no_folder.start().find("error: cannot start "), 0U);
    EXPECT_EQ(bad_pattern.start().find("error: the pattern '(' is no POSIX extended expression"), 0U);
    EXPECT_EQ(no_document.start_again().find("error: spec: No such file"), 0U);
}

TEST(ShimLifecycle, ServesAFolderOnlyOnce) {
    ShimRun run;
    ASSERT_EQ(run.start(), "executed\n");

    EXPECT_EQ(run.start_again(), "running\n");

    EXPECT_TRUE(Client(run.run).is_connected()) << "the first one is not disturbed";
}

TEST(ShimLifecycle, StaysSmall) {
    ShimRun run;
    run.spec.ready.log_pattern = "^line 20000$";
    run.add_arguments({"--lines", "20000"});
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);
    client.send(Op::hello);
    client.until(Phase::ready);

    const auto status = content(fmt::format("/proc/{}/status", run.shim()));
    const auto kib = [&](std::string_view key) { return std::atoi(status.c_str() + status.find(key) + key.size()); };

    RecordProperty("rss_kib", kib("VmRSS:"));
    EXPECT_LE(kib("VmRSS:"), GK_SHIM_RSS_KIB_MAX);
    EXPECT_LE(kib("RssAnon:"), GK_SHIM_RSS_KIB_MAX / 4) << "the rest is the program itself, which all shims share";
}

}  // namespace
}  // namespace gk::shim_test
