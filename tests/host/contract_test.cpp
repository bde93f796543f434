// What every host promises (ports/host.hpp), against the launcher and against plain processes.
#include <chrono>
#include <filesystem>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/cancellation_signal.hpp>
#include <gtest/gtest.h>

#include "async/task_group.hpp"
#include "tests/host/rig.hpp"

namespace gk::host_test {
namespace {

using Disk = Host::Disk;
using namespace std::chrono_literals;

class HostContract : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        if (GetParam() == "launcher" && !is_root()) GTEST_SKIP() << "needs root";
        if (GetParam() == "launcher") rig = std::make_unique<LauncherRig>();
        else rig = std::make_unique<PlainRig>();
    }
    Host& host() { return rig->host(); }
    Workbench& workbench() { return rig->workbench(); }
    Workbench::Job shell(const std::string& script) const {
        Workbench::Job run;
        run.server = one;
        run.argv = {"sh", "-c", script};
        return run;
    }

    std::unique_ptr<Rig> rig;
    ServerUid one = server(1);
    ServerUid two = server(2);
    DiskSpec small{.size = {32}, .slot = 1};
};

TEST_P(HostContract, ADiskIsMadeOnceAndKeepsItsBytes) {
    // Given a disk with a file,
    EXPECT_FALSE(rig->run(host().disks(one))->live);
    EXPECT_OK(host().create_disk(one, Disk::live, small));
    write_text(rig->world(one) + "/map", "blocks");

    // when it is made again,
    EXPECT_OK(host().create_disk(one, Disk::live, small));

    // then nothing has changed.
    EXPECT_TRUE(rig->run(host().disks(one))->live);
    EXPECT_EQ(read_text(rig->world(one) + "/map"), "blocks");
}

TEST_P(HostContract, TheStagedDiskTakesThePlaceOfTheLiveOneWhole) {
    EXPECT_OK(host().create_disk(one, Disk::live, small));
    EXPECT_OK(host().create_disk(one, Disk::staged, small));
    write_text(rig->world(one) + "/old", "old");
    write_text(rig->world(one, Disk::staged) + "/new", "new");

    EXPECT_OK(host().switch_disk(one));
    EXPECT_OK(host().switch_disk(one));  // Again, after a lost reply.

    const auto disks = rig->run(host().disks(one));
    EXPECT_TRUE(disks->live);
    EXPECT_FALSE(disks->staged);
    EXPECT_EQ(read_text(rig->world(one) + "/new"), "new");
    EXPECT_FALSE(std::filesystem::exists(rig->world(one) + "/old"));
}

TEST_P(HostContract, WithoutAnyDiskThereIsNothingToSwitchTo) {
    EXPECT_EQ(rig->run(host().switch_disk(one)).error().kind, RuntimeError::Kind::not_found);
}

TEST_P(HostContract, ARemovedDiskIsGoneAndCanBeMadeEmptyAgain) {
    EXPECT_OK(host().create_disk(one, Disk::live, small));
    write_text(rig->world(one) + "/map", "blocks");

    EXPECT_OK(host().remove_disk(one, Disk::live));
    EXPECT_OK(host().remove_disk(one, Disk::live));

    EXPECT_FALSE(rig->run(host().disks(one))->live);
    EXPECT_OK(host().create_disk(one, Disk::live, small));
    EXPECT_FALSE(std::filesystem::exists(rig->world(one) + "/map"));
}

TEST_P(HostContract, AGameIsLaunchedOnce) {
    EXPECT_OK(host().create_disk(one, Disk::live, small));

    EXPECT_OK(host().launch(rig->game(one), Epoch{1}));
    const auto shim = processes_naming(rig->folder(one));
    EXPECT_OK(host().launch(rig->game(one), Epoch{1}));

    EXPECT_EQ(shim.size(), 1U);
    EXPECT_EQ(processes_naming(rig->folder(one)), shim);
}

TEST_P(HostContract, AGameWithoutADiskOrAProgramIsRefused) {
    EXPECT_EQ(rig->run(host().launch(rig->game(one), Epoch{1})).error().kind, RuntimeError::Kind::not_found);
    EXPECT_OK(host().create_disk(one, Disk::live, small));
    auto game = rig->game(one);
    game.argv = {"/usr/bin/no-such-game"};

    const auto refused = rig->run(host().launch(game, Epoch{1}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, RuntimeError::Kind::invalid);
    EXPECT_NE(refused.error().detail.find("no-such-game"), std::string::npos) << refused.error().detail;
    EXPECT_TRUE(processes_naming(rig->folder(one)).empty());
    EXPECT_OK(host().launch(rig->game(one), Epoch{1}));  // And it is in nobody's way.
}

TEST_P(HostContract, ARunningGameIsNotCleanedAKilledOneIs) {
    EXPECT_OK(host().create_disk(one, Disk::live, small));
    EXPECT_OK(host().launch(rig->game(one, {"--ignore-term"}), Epoch{1}));
    EXPECT_EQ(rig->run(host().clean(one)).error().kind, RuntimeError::Kind::invalid);

    EXPECT_OK(host().kill(one));
    EXPECT_OK(host().kill(one));
    EXPECT_TRUE(processes_naming(rig->folder(one)).empty());
    EXPECT_OK(host().clean(one));
    EXPECT_OK(host().clean(one));

    EXPECT_FALSE(std::filesystem::exists(rig->folder(one) + "/run"));
    EXPECT_TRUE(rig->run(host().disks(one))->live);
}

TEST_P(HostContract, AnEndedGameIsNotStartedAgainBeforeItsEndWasCollected) {
    EXPECT_OK(host().create_disk(one, Disk::live, small));
    EXPECT_OK(host().launch(rig->game(one, {"--exit", "3", "--after", "1"}), Epoch{1}));
    rig->wait_for_exit(one);

    EXPECT_OK(host().launch(rig->game(one), Epoch{1}));

    EXPECT_TRUE(std::filesystem::exists(rig->folder(one) + "/run/exit"));
    EXPECT_OK(host().clean(one));
    EXPECT_FALSE(std::filesystem::exists(rig->folder(one) + "/run/exit"));
}

TEST_P(HostContract, ForgettingLeavesNothing) {
    EXPECT_OK(host().create_disk(one, Disk::live, small));
    EXPECT_OK(host().create_disk(one, Disk::staged, small));
    EXPECT_OK(host().launch(rig->game(one), Epoch{1}));
    EXPECT_EQ(*rig->run(host().list()), std::vector{one});

    EXPECT_OK(host().forget(one));
    EXPECT_OK(host().forget(one));

    EXPECT_TRUE(rig->run(host().list())->empty());
    EXPECT_FALSE(std::filesystem::exists(rig->folder(one)));
    EXPECT_TRUE(processes_naming(one.text()).empty());
}

TEST_P(HostContract, UsageShowsWhatAGameTakes) {
    EXPECT_OK(host().create_disk(one, Disk::live, small));
    write_text(rig->world(one) + "/map", std::string(3 << 20, 'x'));
    EXPECT_OK(host().launch(rig->game(one, {"--eat-memory", "40", "--after", "1"}), Epoch{1}));
    rig->wait_for_line(one, "ate 40");

    const auto usage = rig->run(host().usage(one));

    ASSERT_TRUE(usage) << text_of(usage);
    EXPECT_GE(usage->memory.count, 40);
    EXPECT_LT(usage->memory.count, 100);
    EXPECT_GE(usage->disk.count, 3);
    EXPECT_LE(usage->disk.count, 32);
    EXPECT_EQ(usage->disk_size.has_value(), GetParam() == "launcher") << "a plain folder has no size of its own";
}

TEST_P(HostContract, NothingIsUsedByAServerThatHasNothing) {
    const auto usage = rig->run(host().usage(one));
    ASSERT_TRUE(usage) << text_of(usage);
    EXPECT_EQ(*usage, server::Usage{});
}

TEST_P(HostContract, AConfinedProgramWorksOnTheWorldByRelativePaths) {
    EXPECT_OK(host().create_disk(one, Disk::staged, small));
    auto run = shell("cat data/map record/facts.json; cat; echo \"$GREETING $RESTIC_PASSWORD\"; echo new > data/new; echo words >&2; exit 3");
    run.disk = Disk::staged;
    run.may_write_world = true;
    run.extra_files = {{"facts.json", "{}"}};
    run.env = {{"GREETING", "hello"}};
    run.secrets["RESTIC_PASSWORD"] = Secret("secret");
    run.input = "typed;";
    write_text(rig->world(one, Disk::staged) + "/map", "blocks;");

    const auto ended = rig->run(workbench().run(run));

    ASSERT_TRUE(ended) << text_of(ended);
    EXPECT_EQ(ended->code, 3);
    EXPECT_EQ(ended->output, "blocks;{}typed;hello secret\n");
    EXPECT_EQ(ended->errors, "words\n");
    EXPECT_EQ(read_text(rig->world(one, Disk::staged) + "/new"), "new\n");
    EXPECT_FALSE(std::filesystem::exists(rig->world(one, Disk::staged) + "/../record"));
}

TEST_P(HostContract, AConfinedProgramSeesItsFolderUnderItsOwnPath) {
    const std::string folder = rig->state + "/vault/" + one.text();
    std::filesystem::create_directory(folder);
    if (is_root()) ASSERT_EQ(::chown(folder.c_str(), 65534, 65534), 0);
    auto run = shell("echo pack > " + folder + "/pack && test ! -e data");
    run.needs_world = false;
    run.folder = folder;
    run.may_write_folder = true;

    const auto ended = rig->run(workbench().run(run));

    ASSERT_TRUE(ended) << text_of(ended);
    EXPECT_EQ(ended->code, 0) << ended->errors;
    EXPECT_EQ(read_text(folder + "/pack"), "pack\n");
}

TEST_P(HostContract, AConfinedProgramNeedsItsWorldAndAKnownName) {
    EXPECT_EQ(rig->run(workbench().run(shell("true"))).error().kind, RuntimeError::Kind::not_found);
    auto run = shell("true");
    run.argv.front() = "/bin/sh";
    EXPECT_EQ(rig->run(workbench().run(run)).error().kind, RuntimeError::Kind::invalid);
}

TEST_P(HostContract, AConfinedProgramIsEndedWhenItsTimeIsOver) {
    auto run = shell("exec cat /dev/zero > /dev/null");
    run.needs_world = false;
    run.time_limit = 50ms;
    EXPECT_EQ(rig->run(workbench().run(run)).error().kind, RuntimeError::Kind::unavailable);
    EXPECT_TRUE(processes_naming("/dev/zero").empty());
}

TEST_P(HostContract, AConfinedProgramThatFloodsIsEnded) {
    auto run = shell("exec cat /dev/zero");
    run.needs_world = false;
    EXPECT_EQ(rig->run(workbench().run(run)).error().kind, RuntimeError::Kind::exhausted);
}

Task<void> ignore_result(Workbench& bench, Workbench::Job job) { (void)co_await bench.run(std::move(job)); }

Task<void> run_and_cancel(Host& host, Workbench& bench, Workbench::Job run, std::string started) {
    async::TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn("confined", ignore_result(bench, std::move(run)));
    while (!std::filesystem::exists(started)) (void)co_await host.list();
    group.cancel();
    co_await group.join();
}

TEST_P(HostContract, CancellingTheTaskEndsTheProgram) {
    // Given a program that runs for ever,
    EXPECT_OK(host().create_disk(one, Disk::staged, small));
    auto run = shell("echo yes > data/started; exec sleep 12345678");
    run.disk = Disk::staged;
    run.may_write_world = true;

    // when its task is cancelled,
    async::run_until_done(rig->io, run_and_cancel(host(), workbench(), run, rig->world(one, Disk::staged) + "/started"));

    // then the program ends, without anybody's further doing.
    while (!processes_naming("12345678").empty()) (void)rig->run(host().list());
}

TEST_P(HostContract, FilesAreServedByAProcessThatEndsWithItsSocket) {
    EXPECT_OK(host().create_disk(one, Disk::live, small));
    write_text(rig->world(one) + "/map", "blocks");

    const auto fd = rig->run(host().open_files(one));

    ASSERT_TRUE(fd) << text_of(fd);
    std::array<char, 512> said{};
    ASSERT_GT(::read(*fd, said.data(), said.size()), 0);
    EXPECT_NE(std::string(said.data()).find("world=map,"), std::string::npos) << said.data();
    ::close(*fd);
    while (!processes_naming("files-server").empty()) (void)rig->run(host().list());
}

TEST_P(HostContract, FilesOfAServerWithoutDiskAreNotFound) {
    EXPECT_EQ(rig->run(host().open_files(two)).error().kind, RuntimeError::Kind::not_found);
}

TEST_P(HostContract, ShortcomingsAreSentencesWithACure) {
    const auto found = rig->run(host().shortcomings());
    ASSERT_TRUE(found);
    if (GetParam() == "plain") EXPECT_NE(found->front().find("Start gamekeeper as root"), std::string::npos);
    for (const auto& text : *found) EXPECT_GT(text.size(), 40U) << text;
}

INSTANTIATE_TEST_SUITE_P(Hosts, HostContract, testing::Values("launcher", "plain"), [](const auto& test) { return test.param; });

}  // namespace
}  // namespace gk::host_test
