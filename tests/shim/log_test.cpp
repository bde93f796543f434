#include <gtest/gtest.h>

#include "tests/shim/shim_run.hpp"

namespace gk::shim_test {
namespace {

using wire::shim::Phase;

std::vector<std::string> texts(const std::string& log) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < log.size();) {
        const auto end = log.find('\n', at);
        out.push_back(log.substr(at + layout::log_stamp_size + 1, end - at - layout::log_stamp_size - 1));
        at = end + 1;
    }
    return out;
}

TEST(ShimLog, LosesNothingThoughNobodyReads) {
    ShimRun run;
    run.add_arguments({"--lines", "50000"});
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);
    client.until(Phase::ready);

    const auto lines = texts(run.all_logs());
    ASSERT_GE(lines.size(), 50'001U);
    for (std::size_t i = 0; i < 50'000; ++i) ASSERT_EQ(lines[i], "line " + std::to_string(i + 1));
}

TEST(ShimLog, RotatesAndKeepsItsCursorsTrue) {
    ShimRun run;
    run.spec.log = {.file_bytes = 8192, .files = 3};
    run.add_arguments({"--lines", "5000"});
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);
    client.until(Phase::ready);
    const auto status = (client.send(Op::hello), client.until([](const auto& s) { return s.log_end > 100'000; }));

    std::vector<fs::path> files(fs::directory_iterator(run.log), {});
    std::ranges::sort(files);
    EXPECT_EQ(files.size(), 3U);
    std::uint64_t end = std::stoull(files.front().stem().string());
    for (const auto& file : files) {
        EXPECT_EQ(std::stoull(file.stem().string()), end);
        end += fs::file_size(file);
    }
    EXPECT_EQ(end, status.log_end);
}

TEST(ShimLog, GoesOnOverRuns) {
    ShimRun run;
    run.add_arguments({"--exit", "0"});
    ASSERT_EQ(run.start(), "executed\n");
    Client first(run.run);
    first.send(Op::hello);
    first.until(Phase::exited);
    first.ask(Op::acknowledge);
    run.wait_for_shim();
    const auto before = run.all_logs();

    ASSERT_EQ(run.start(), "executed\n");
    Client second(run.run);
    second.send(Op::hello);
    second.until(Phase::exited);

    EXPECT_GT(run.all_logs().size(), before.size());
    EXPECT_TRUE(run.all_logs().starts_with(before));
}

TEST(ShimLog, KeepsTheLastTwoHundredLinesAndAPartialOne) {
    ShimRun run;
    run.add_arguments({"--lines", "1000", "--line", "", "--partial", "half a line", "--exit", "1"});
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);
    const auto tail = client.until(Phase::exited).exit->tail;

    EXPECT_EQ(std::ranges::count(tail, '\n') + 1, 200);
    EXPECT_TRUE(tail.ends_with("line 1000\nhalf a line"));
}

TEST(ShimLog, StripsWhatATerminalWouldObey) {
    ShimRun run;
    run.spec.terminal = true;
    run.spec.program.argv = {"/usr/bin/printf", "\\033[31mred\\033[0m \\033]0;title\\007x \\377y\\n"};
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);
    client.until(Phase::exited);

    EXPECT_EQ(texts(run.all_logs()).front(), "red x \xef\xbf\xbdy");
}

TEST(ShimLog, MatchesLongLinesOnAWideTerminal) {
    ShimRun run;
    run.spec.terminal = true;
    run.spec.ready.log_pattern = "^columns 500$";
    run.spec.program.argv = {"/bin/sh", "-c", "set -- $(stty size); echo columns $2; read line"};
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);

    EXPECT_EQ(client.until([](const auto& s) { return s.phase != Phase::starting; }).phase, Phase::ready);
}

TEST(ShimLog, HasTheLineByWhichTheGameIsReady) {
    for (int i = 0; i < 10; ++i) {
        ShimRun run;
        run.add_arguments({"--lines", "900"});
        ASSERT_EQ(run.start(), "executed\n");
        Client client(run.run);
        client.send(Op::hello);

        client.until(wire::shim::Phase::ready);

        ASSERT_TRUE(run.all_logs().contains(" ready\n"));
    }
}

}  // namespace
}  // namespace gk::shim_test
