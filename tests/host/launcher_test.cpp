// What only the launcher can promise, and what it refuses to somebody who has taken over the control plane. Needs root.
#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include "tests/host/rig.hpp"
#include "wire/launcher/messages.hpp"
#include "wire/shim/protocol.hpp"

namespace gk::host_test {
namespace {

using Disk = Host::Disk;

class Launcher : public testing::Test {
protected:
    void SetUp() override {
        if (!is_root()) GTEST_SKIP() << "needs root";
        rig = std::make_unique<LauncherRig>();
    }
    Host& host() { return rig->host(); }
    DiskSpec disk(std::uint32_t slot, std::int64_t size = 32) const { return {.size = {size}, .slot = slot}; }
    // Runs a script as a game, to its end; what it wrote to /data/said.
    std::string said_by(ServerUid uid, std::uint32_t slot, const std::string& script) {
        EXPECT_OK(host().create_disk(uid, Disk::live, disk(slot)));
        auto game = rig->game(uid);
        game.argv = {"/bin/sh", "-c", "exec > /data/said 2>&1; " + script};
        EXPECT_OK(host().launch(game, Epoch{1}));
        rig->wait_for_exit(uid);
        return read_text(rig->world(uid) + "/said");
    }
    Result<Host::Ended, RuntimeError> confined(const std::string& script, bool writes = false) {
        Host::ConfinedRun run;
        run.server = one;
        run.disk = writes ? Disk::staged : Disk::live;
        run.may_write_world = writes;
        run.argv = {"sh", "-c", script};
        return rig->run(host().run_confined(std::move(run)));
    }
    RuntimeError refused(server::LaunchSpec game) {
        const auto result = rig->run(host().launch(std::move(game), Epoch{1}));
        EXPECT_FALSE(result);
        return result ? RuntimeError{} : result.error();
    }

    std::unique_ptr<LauncherRig> rig;
    ServerUid one = server(1);
    ServerUid two = server(2);
};

TEST_F(Launcher, AGameRunsAsItsOwnUserWithNothingOfRoot) {
    const auto said = said_by(one, 1, "id -u; grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status; ls /; hostname");

    EXPECT_NE(said.find(std::to_string(uid_base + 1) + "\n"), std::string::npos) << said;
    EXPECT_NE(said.find("CapEff:\t0000000000000000"), std::string::npos) << said;
    EXPECT_NE(said.find("CapBnd:\t0000000000000000"), std::string::npos) << said;
    EXPECT_NE(said.find("NoNewPrivs:\t1"), std::string::npos) << said;
    EXPECT_NE(said.find("Seccomp:\t2"), std::string::npos) << said;
    EXPECT_EQ(said.find("root\n"), std::string::npos) << said;
    EXPECT_EQ(said.find("home\n"), std::string::npos) << said;
}

TEST_F(Launcher, AGameCannotLeaveItsSandbox) {
    const auto said =
        said_by(one, 1,
                "for f in /usr/x /etc/x /x /proc/sys/kernel/core_pattern /sys/x /dev/sda; do (echo x > $f) 2>/dev/null && echo WROTE $f; done;"
                "cat /etc/shadow && echo READ; test -e /proc/2/root/etc/shadow && echo SAW;"
                "ls " +
                    rig->state +
                    " && echo LISTED; unshare -m true && echo UNSHARED; unshare -U true && echo USERNS;"
                    "mount -t tmpfs t /tmp && echo MOUNTED; mknod /data/disk b 254 0 && echo NODE; su -c true < /dev/null && echo SU;"
                    "echo x > /data/ok && echo WORLD; echo x > /tmp/ok && echo TMP; ps -e 2>/dev/null | wc -l; echo done");

    for (const auto* word : {"WROTE", "READ", "SAW", "LISTED", "UNSHARED", "USERNS", "MOUNTED", "NODE", "SU\n"}) {
        EXPECT_EQ(said.find(word), std::string::npos) << said;
    }
    for (const auto* word : {"WORLD", "TMP", "done"}) EXPECT_NE(said.find(word), std::string::npos) << said;
}

TEST_F(Launcher, TheKernelHoldsAGameToItsMemory) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    auto game = rig->game(one, {"--eat-memory", "400", "--after", "300"});
    game.resources.memory = {64};

    EXPECT_OK(host().launch(game, Epoch{1}));
    rig->wait_for_exit(one);

    const auto text = read_text(rig->folder(one) + "/run/exit");
    const auto ended = wire::shim::decode_exit(as_byte_span(text));
    ASSERT_TRUE(ended);
    EXPECT_GE(ended->memory_peak_bytes, std::uint64_t{60} << 20);
    EXPECT_LE(ended->memory_peak_bytes, std::uint64_t{64} << 20);
    EXPECT_EQ(ended->cause, wire::shim::Cause::out_of_memory)
        << read_text("/sys/fs/cgroup/memory" + rig->options.cgroup_parent + "/" + one.text() + "/memory.oom_control") << ended->tail
        << ended->memory_peak_bytes;
    EXPECT_EQ(ended->signal, 9) << read_text("/sys/fs/cgroup/memory" + rig->options.cgroup_parent + "/" + one.text() + "/memory.oom_control");
}

TEST_F(Launcher, ThePeakOfAGameThatEndsAtOnceIsItsOwn) {
    said_by(one, 1, "exit 3");

    const auto text = read_text(rig->folder(one) + "/run/exit");
    const auto ended = wire::shim::decode_exit(as_byte_span(text));
    ASSERT_TRUE(ended);
    EXPECT_LT(ended->memory_peak_bytes, std::uint64_t{128} << 20) << "more than its sandbox allows: the machine's";
}

TEST_F(Launcher, AForkBombStaysInItsSandboxAndIsEndedWithIt) {
    // Given a game that has taken all the processes it may have,
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    auto game = rig->game(one);
    game.resources.memory = {512};
    game.argv = {"/bin/sh", "-c", "(while sleep 1000 & do :; done); : > /data/full; read forever"};
    EXPECT_OK(host().launch(game, Epoch{1}));
    wait_for_file(rig->world(one) + "/full");
    EXPECT_LE(processes_of_user(uid_base + 1).size(), 1025U);

    // when it is killed,
    EXPECT_OK(host().kill(one));

    // then not one of them is left.
    EXPECT_TRUE(processes_of_user(uid_base + 1).empty());
}

TEST_F(Launcher, ADiskIsNotLargerThanItsPackageAndHurtsNobodyElse) {
    const auto said = said_by(one, 1, "dd if=/dev/zero of=/data/fill bs=1M count=64 2>/dev/null || echo FULL");
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
    EXPECT_OK(host().own_disk(one, Disk::live, 1));
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

TEST_F(Launcher, AConfinedProgramReadsItsWorldAndNothingElse) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    EXPECT_OK(host().create_disk(two, Disk::live, disk(2)));
    write_text(rig->world(one) + "/map", "blocks");
    EXPECT_OK(host().own_disk(one, Disk::live, 1));

    const auto ended = confined(
        "cat data/map; id -u; grep CapEff /proc/self/status; (echo x > data/x) 2>/dev/null && echo WROTE;"
        "cat /etc/shadow 2>/dev/null && echo READ; ls " +
        rig->state +
        " 2>/dev/null && echo LISTED;"
        "(echo x > /usr/x) 2>/dev/null && echo USR; (echo x > /x) 2>/dev/null && echo ROOT;"
        "chmod 777 data 2>/dev/null && echo CHMOD; mount -o remount,rw /usr 2>/dev/null && echo MOUNTED;"
        "cat /proc/net/tcp | wc -l");

    ASSERT_TRUE(ended) << text_of(ended);
    EXPECT_EQ(ended->output, "blocks65534\nCapEff:\t0000000000000004\n1\n") << ended->errors;
}

TEST_F(Launcher, ARestoreWritesTheStagedWorldAndNothingElse) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    EXPECT_OK(host().create_disk(one, Disk::staged, disk(1)));

    const auto ended = confined("echo x > data/map && chown " + std::to_string(uid_base + 1) +
                                    " data/map && echo WROTE; cat /etc/shadow 2>/dev/null && echo READ;"
                                    "(echo x > /usr/x) 2>/dev/null && echo USR; (echo x > /.gamekeeper/x) 2>/dev/null && echo ROOT",
                                true);

    ASSERT_TRUE(ended) << text_of(ended);
    EXPECT_EQ(ended->output, "WROTE\n") << ended->errors;
    EXPECT_TRUE(std::filesystem::exists(rig->world(one, Disk::staged) + "/map"));
}

TEST_F(Launcher, TheLiveWorldIsNeverWritableToAConfinedProgram) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    Host::ConfinedRun run;
    run.server = one;
    run.may_write_world = true;
    run.argv = {"sh", "-c", "echo x > data/x"};
    EXPECT_NE(rig->run(host().run_confined(run))->code, 0);
    EXPECT_FALSE(std::filesystem::exists(rig->world(one) + "/x"));
}

TEST_F(Launcher, AFolderOutsideTheVaultIsRefusedHoweverItIsNamed) {
    std::filesystem::create_directory_symlink("/root", rig->options.vault + "/link");
    for (const std::string& folder :
         {std::string("/root"), rig->options.vault, rig->options.vault + "/../servers", rig->options.vault + "/link", rig->options.vault + "x"}) {
        Host::ConfinedRun run;
        run.server = one;
        run.needs_world = false;
        run.folder = folder;
        run.argv = {"sh", "-c", "true"};
        EXPECT_FALSE(rig->run(host().run_confined(run))) << folder;
    }
}

TEST_F(Launcher, AnExtraFileHasAPlainName) {
    for (const auto* name : {"../x", "a/b", "", ".", ".."}) {
        Host::ConfinedRun run;
        run.server = one;
        run.needs_world = false;
        run.extra_files = {{name, "x"}};
        run.argv = {"sh", "-c", "true"};
        const auto ended = rig->run(host().run_confined(run));
        ASSERT_FALSE(ended) << name;
        EXPECT_EQ(ended.error().kind, RuntimeError::Kind::invalid);
    }
}

TEST_F(Launcher, AGameIsShownOnlyWhatIsMeantForGames) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    auto game = rig->game(one);
    game.mounts = {{"/root", "/x"}};
    EXPECT_EQ(refused(game).kind, RuntimeError::Kind::invalid);
    std::filesystem::create_directory_symlink("/root", rig->state + "/link");
    game.mounts = {{rig->state + "/link", "/x"}};
    EXPECT_EQ(refused(game).kind, RuntimeError::Kind::invalid);
    for (const auto* target : {"/data/x", "/etc/passwd", "/proc", "relative", "/a/../etc", "/"}) {
        game.mounts = {{"/usr/share", target}};
        EXPECT_EQ(refused(game).kind, RuntimeError::Kind::invalid) << target;
    }
}

TEST_F(Launcher, TheFilesServerIsTheGamesUserAndSeesOneWorld) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    const auto fd = rig->run(host().open_files(one));
    ASSERT_TRUE(fd) << text_of(fd);
    std::array<char, 512> said{};
    ASSERT_GT(::read(*fd, said.data(), said.size() - 1), 0);
    EXPECT_EQ(std::string(said.data()), "uid=" + std::to_string(uid_base + 1) + " world= shadow=hidden servers=hidden\n");

    // It works on the disk: taking the disk away ends it.
    EXPECT_OK(host().remove_disk(one, Disk::live));
    EXPECT_EQ(::read(*fd, said.data(), said.size()), 0);
    ::close(*fd);
}

// A listener on loopback, and whether a process of that uid gets through to it.
class Listener {
public:
    explicit Listener(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int on = 1;
        ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        const sockaddr_in address = loopback(port);
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ::listen(fd_, 16);
    }
    ~Listener() { ::close(fd_); }
    std::uint16_t port() const {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        return ntohs(address.sin_port);
    }
    static bool is_reached_by(std::uint32_t uid, std::uint16_t port) {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::setresuid(uid, uid, uid) != 0) ::_exit(2);
            const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
            const sockaddr_in address = loopback(port);
            ::_exit(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WEXITSTATUS(status) == 0;
    }

private:
    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }
    int fd_;
};

TEST_F(Launcher, AnAdminPortIsReachedByItsOwnServerOnly) {
    // Given a game whose admin port is listened to,
    const Listener admin(0);
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    auto game = rig->game(one);
    game.ports = {{.role = "rcon", .protocol = Protocol::tcp, .bound = Port{admin.port()}, .internal = true}};
    EXPECT_OK(host().launch(game, Epoch{1}));

    // then its own uid gets through, another game's does not, and who is no game does;
    EXPECT_TRUE(Listener::is_reached_by(uid_base + 1, admin.port()));
    EXPECT_FALSE(Listener::is_reached_by(uid_base + 2, admin.port()));
    EXPECT_TRUE(Listener::is_reached_by(0, admin.port()));

    // and when the run was cleared away the port is like any other.
    EXPECT_OK(host().kill(one));
    EXPECT_OK(host().clean(one));
    EXPECT_TRUE(Listener::is_reached_by(uid_base + 2, admin.port()));
}

TEST_F(Launcher, NoGameReachesTheApi) {
    EXPECT_TRUE(rig->run(host().list()));  // The launcher has set its rules before it answers anything.
    EXPECT_FALSE(Listener::is_reached_by(uid_base + 1, rig->api_port));
    EXPECT_TRUE(Listener::is_reached_by(0, rig->api_port));
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
