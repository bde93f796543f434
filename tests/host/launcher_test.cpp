// Disks, slots, ends and figures of the launcher.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "async/task_group.hpp"
#include "base/bytes.hpp"
#include "tests/host/launcher_fixture.hpp"

namespace gk::host_test {
namespace {

using Disk = Host::Disk;

TEST_F(Launcher, ADiskIsNotLargerThanItsPackageAndHurtsNobodyElse) {
    said_by(one, 1, "dd if=/dev/zero of=/data/fill bs=1M count=64 2>/dev/null");
    EXPECT_OK(host().create_disk(two, Disk::live, disk(2)));

    // The list of files was truncated before the disk was full, so that its one line still has its block.
    struct stat fill{};
    ASSERT_EQ(::stat((rig->world(one) + "/fill").c_str(), &fill), 0);
    EXPECT_LT(fill.st_size, 32 << 20);
    EXPECT_GT(fill.st_size, 20 << 20);
    write_text(rig->world(two) + "/map", "blocks");
    EXPECT_EQ(read_text(rig->world(two) + "/map"), "blocks");
}

TEST_F(Launcher, ADiskIsFullWhenItSaysSo) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    const auto empty = rig->run(host().usage(one));
    ASSERT_TRUE(empty && empty->disk_size) << text_of(empty);
    EXPECT_LE(empty->disk_size->count, 32);
    EXPECT_LT(empty->disk.count, empty->disk_size->count / 2);

    said_by(one, 1, "dd if=/dev/zero of=/data/fill bs=64k 2>/dev/null");

    const auto full = rig->run(host().usage(one));
    EXPECT_GE(full->disk, *full->disk_size);
}

// No image is formatted, attached and synced for what a match writes.
TEST_F(Launcher, ADiskInMemoryIsNoLargerThanItsPackageAndLeavesNothing) {
    auto spec = disk(1, 8);
    spec.in_memory = true;
    EXPECT_OK(host().create_disk(one, Disk::live, spec));
    EXPECT_OK(host().create_disk(one, Disk::live, spec));

    const auto said = said_by(one, 1, "stat -f -c %T /data; dd if=/dev/zero of=/data/fill bs=1M count=64 2>/dev/null");

    EXPECT_EQ(said, "tmpfs\n");
    struct stat fill{};
    ASSERT_EQ(::stat((rig->world(one) + "/fill").c_str(), &fill), 0);
    EXPECT_LE(fill.st_size, 8 << 20);
    EXPECT_GT(fill.st_size, 6 << 20);
    EXPECT_FALSE(std::filesystem::exists(rig->folder(one) + "/live.img"));
    const auto usage = rig->run(host().usage(one));
    ASSERT_TRUE(usage && usage->disk_size) << text_of(usage);
    EXPECT_LE(usage->disk_size->count, 8);

    EXPECT_OK(host().clean(one));
    EXPECT_OK(host().remove_disk(one, Disk::live));
    EXPECT_FALSE(rig->run(host().disks(one))->live);
    EXPECT_FALSE(std::filesystem::exists(rig->folder(one) + "/live"));
}

TEST_F(Launcher, ADiskIsMeasuredAlsoWhenItWasNotMountedYet) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    write_text(rig->world(one) + "/map", std::string(9 << 20, 'x'));
    rig->end_launcher();
    rig->start_launcher();

    const auto usage = rig->run(host().usage(one));

    ASSERT_TRUE(usage && usage->disk_size) << text_of(usage);
    EXPECT_GE(usage->disk.count, 9);
}

TEST_F(Launcher, AWorldBelongsToItsServerAlone) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    struct stat info{};
    ASSERT_EQ(::stat(rig->world(one).c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, uid_base + 1);
    EXPECT_EQ(info.st_mode & 0777, 0700U);

    // A restored world gets its owner, and no link is followed to something that is not of the world.
    write_text(rig->world(one) + "/map", "blocks");
    write_text(rig->state + "/outside", "ours");
    std::filesystem::create_symlink(rig->state + "/outside", rig->world(one) + "/link");
    EXPECT_OK(workbench().own_world(one, Disk::live, 1));
    ASSERT_EQ(::stat((rig->world(one) + "/map").c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, uid_base + 1);
    ASSERT_EQ(::stat((rig->state + "/outside").c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, 0U);
}

TEST_F(Launcher, ASlotHasOneServerAndAServerOneSlot) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));

    EXPECT_EQ(rig->run(host().create_disk(two, Disk::live, disk(1))).error().kind, RuntimeError::Kind::invalid);
    EXPECT_EQ(rig->run(host().create_disk(one, Disk::staged, disk(3))).error().kind, RuntimeError::Kind::invalid);
    EXPECT_EQ(rig->run(host().create_disk(two, Disk::live, disk(1000))).error().kind, RuntimeError::Kind::exhausted);

    EXPECT_OK(host().forget(one));
    EXPECT_OK(host().create_disk(two, Disk::live, disk(1)));
}

TEST_F(Launcher, TheEndOfTheLauncherEndsNoGame) {
    // Given a running game,
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    EXPECT_OK(host().launch(rig->game(one), Epoch{1}));
    const auto before = processes_of_user(uid_base + 1);
    ASSERT_EQ(before.size(), 2U);  // The game and its shim.

    // when the launcher dies and another one starts,
    rig->restart_launcher();

    // then the game has not noticed, and the new launcher has it in its hands.
    EXPECT_EQ(processes_of_user(uid_base + 1), before);
    EXPECT_EQ(*rig->run(host().list()), std::vector{one});
    EXPECT_OK(host().launch(rig->game(one), Epoch{2}));
    EXPECT_EQ(processes_of_user(uid_base + 1), before);
    EXPECT_OK(host().kill(one));
    EXPECT_TRUE(processes_of_user(uid_base + 1).empty());
}

TEST_F(Launcher, WhatNobodyUsesIsPutAwayWithTheLauncher) {
    // Given an idle disk with a file, beside a game that runs,
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    EXPECT_OK(host().create_disk(one, Disk::staged, disk(1)));
    write_text(rig->world(one) + "/map", "blocks");
    EXPECT_OK(host().create_disk(two, Disk::live, disk(2)));
    EXPECT_OK(host().launch(rig->game(two), Epoch{1}));

    // when the control plane ends,
    rig->end_launcher();

    // then only what the game needs is left.
    const auto mounts = read_text("/proc/mounts");
    EXPECT_FALSE(mounts.contains(rig->folder(one)));
    EXPECT_TRUE(mounts.contains(rig->folder(two)));
    for (const auto& device : std::filesystem::directory_iterator("/sys/block")) {
        EXPECT_FALSE(read_text(device.path().string() + "/loop/backing_file").contains(rig->folder(one))) << device.path();
    }
    EXPECT_TRUE(rig->has_firewall_rules());

    // And the next one finds everything, and leaves nothing when the game has ended.
    rig->start_launcher();
    EXPECT_TRUE(rig->run(host().disks(one))->live);
    EXPECT_EQ(read_text(rig->world(one) + "/map"), "blocks");
    EXPECT_OK(host().kill(two));
    rig->end_launcher();
    EXPECT_FALSE(read_text("/proc/mounts").contains(rig->state));
    EXPECT_FALSE(rig->has_firewall_rules());
}

Task<void> ran_confined(Workbench& bench, Workbench::Job job) { std::ignore = co_await bench.run(std::move(job)); }

TEST_F(Launcher, NoConfinedProgramOutlivesTheLauncher) {
    const auto folder = rig->options.vault + "/repository";
    std::filesystem::create_directories(folder);
    ASSERT_EQ(::chown(folder.c_str(), rig->options.client_uid, rig->options.client_gid), 0);
    Workbench::Job run;
    run.server = one;
    run.needs_world = false;
    run.folder = folder;
    run.may_write_folder = true;
    run.argv = {"sh", "-c", "exec perl -e 'open F, \">\", \"" + folder + "/started\"; close F; sleep 1000'"};
    async::TaskGroup calls(rig->io.get_executor());
    calls.spawn("a confined program", ran_confined(workbench(), std::move(run)));
    rig->io.restart();
    rig->io.poll();
    wait_for_file(folder + "/started");

    rig->end_launcher();

    EXPECT_TRUE(processes_naming(folder).empty());
    calls.cancel();
    async::run_until_done(rig->io, calls.join());
}

TEST_F(Launcher, TheDiskOfAGameThatLostItsShimIsNotPutAway) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    EXPECT_OK(host().launch(rig->game(one), Epoch{1}));
    ::kill(std::stoi(read_text(rig->folder(one) + "/run/pid")), SIGKILL);

    rig->end_launcher();

    EXPECT_TRUE(read_text("/proc/mounts").contains(rig->folder(one)));
    EXPECT_TRUE(rig->has_firewall_rules());
}

TEST_F(Launcher, ASwitchThatDiedHalfwayIsUndoneOrCompleted) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    EXPECT_OK(host().create_disk(one, Disk::staged, disk(1)));
    write_text(rig->world(one) + "/old", "old");
    write_text(rig->world(one, Disk::staged) + "/new", "new");
    const std::string folder = rig->folder(one);

    // Died before the images were exchanged: both disks are back.
    ASSERT_EQ(::system(("umount " + folder + "/live " + folder + "/staged").c_str()), 0);
    EXPECT_TRUE(rig->run(host().disks(one))->staged);
    EXPECT_EQ(read_text(rig->world(one) + "/old"), "old");

    // Died behind it: the new one is live.
    ASSERT_EQ(::system(("umount " + folder + "/live " + folder + "/staged").c_str()), 0);
    std::filesystem::rename(folder + "/staged.img", folder + "/live.img");
    const auto disks = rig->run(host().disks(one));
    EXPECT_TRUE(disks->live);
    EXPECT_FALSE(disks->staged);
    EXPECT_EQ(read_text(rig->world(one) + "/new"), "new");
}

TEST_F(Launcher, AControlPlaneThatTalksNonsenseIsLeft) {
    const int socket = rig->connect_launcher_anew();
    const auto nonsense = ByteWriter().big_endian(std::uint32_t{5}).text("hello").take();
    ASSERT_EQ(::send(socket, nonsense.data(), nonsense.size(), 0), static_cast<ssize_t>(nonsense.size()));
    char byte = 0;
    EXPECT_EQ(::read(socket, &byte, 1), 0);
    ::close(socket);
}

TEST_F(Launcher, TwoHundredServersHaveDisks) {
    using clock = std::chrono::steady_clock;
    const auto begin = clock::now();
    for (std::uint32_t slot = 0; slot < 200; ++slot) EXPECT_OK(host().create_disk(server(slot), Disk::live, disk(slot, 5120)));
    const auto made = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin).count();
    std::set<dev_t> devices;
    for (std::uint32_t slot = 0; slot < 200; ++slot) {
        struct stat info{};
        ASSERT_EQ(::stat(rig->world(server(slot)).c_str(), &info), 0);
        devices.insert(info.st_dev);
    }
    EXPECT_EQ(devices.size(), 200U);
    RecordProperty("milliseconds_per_disk", std::to_string(made / 200));
    std::printf("a disk of 5 GiB is made in %ld ms\n", static_cast<long>(made / 200));
}

Task<void> launched(Host& host, server::LaunchSpec game, int& count) {
    const Epoch epoch{1};
    const auto result = co_await host.launch(std::move(game), epoch);
    EXPECT_TRUE(result) << text_of(result);
    ++count;
}

Task<void> all_launched(LauncherRig& rig, int games, int& count) {
    async::TaskGroup tasks(rig.io.get_executor());
    for (int slot = 0; slot < games; ++slot) {
        tasks.spawn("launch", launched(rig.host(), rig.game(server(static_cast<std::uint32_t>(slot))), count));
    }
    auto joined = tasks.join();
    co_await async::run_with(tasks, std::move(joined));
}

TEST_F(Launcher, ADiskInMemoryIsMadeAndRemovedSooner) {
    using clock = std::chrono::steady_clock;
    const auto took = [this](bool in_memory) {
        auto spec = disk(1, 16);
        spec.in_memory = in_memory;
        std::vector<clock::duration> made, removed;
        for (int i = 0; i < 20; ++i) {
            const auto begin = clock::now();
            EXPECT_OK(host().create_disk(one, Disk::live, spec));
            const auto middle = clock::now();
            EXPECT_OK(host().forget(one));
            made.push_back(middle - begin);
            removed.push_back(clock::now() - middle);
        }
        std::ranges::sort(made);
        std::ranges::sort(removed);
        const auto ms = [](clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); };
        std::printf("a disk of 16 MiB %s: made in %.1f ms, removed with its server in %.1f ms (medians)\n", in_memory ? "in memory" : "as an image",
                    ms(made[10]), ms(removed[10]));
        return made[10] + removed[10];
    };
    const auto as_an_image = took(false);

    EXPECT_LT(took(true), as_an_image);
}

TEST_F(Launcher, TwoHundredGamesAreStartedAtOnce) {
    for (std::uint32_t slot = 0; slot < 200; ++slot) EXPECT_OK(host().create_disk(server(slot), Disk::live, disk(slot)));
    const auto began = rig->clock.now();
    int started = 0;

    rig->run(all_launched(*rig, 200, started));

    const auto took = (rig->clock.now() - began).count();
    EXPECT_EQ(started, 200);
    RecordProperty("milliseconds", static_cast<int>(took));
    std::printf("200 games are started in %ld ms\n", static_cast<long>(took));
}

TEST_F(Launcher, ALaunchIsQuick) {
    using clock = std::chrono::steady_clock;
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    std::vector<long> times;
    for (int i = 0; i < 10; ++i) {
        const auto begin = clock::now();
        EXPECT_OK(host().launch(rig->game(one), Epoch{1}));
        times.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin).count());
        EXPECT_OK(host().kill(one));
        EXPECT_OK(host().clean(one));
    }
    std::ranges::sort(times);
    std::printf("launch to exec: median %ld ms, worst %ld ms\n", times[5], times[9]);
    EXPECT_LE(times[5], 1500);  // The goal is 150 ms on an idle machine; a loaded one is not a failure of ours.
}

}  // namespace
}  // namespace gk::host_test
