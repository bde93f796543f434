// What a game, a confined program and a files server can reach, and what is refused to somebody who has taken over the control plane.
#include <algorithm>
#include <arpa/inet.h>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include "tests/host/launcher_fixture.hpp"
#include "wire/shim/protocol.hpp"

namespace gk::host_test {
namespace {

using Disk = Host::Disk;

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

TEST_F(Launcher, AConfinedProgramReadsItsWorldAndNothingElse) {
    EXPECT_OK(host().create_disk(one, Disk::live, disk(1)));
    EXPECT_OK(host().create_disk(two, Disk::live, disk(2)));
    write_text(rig->world(one) + "/map", "blocks");
    EXPECT_OK(workbench().own_world(one, Disk::live, 1));

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
    Workbench::Job run;
    run.server = one;
    run.may_write_world = true;
    run.argv = {"sh", "-c", "echo x > data/x"};
    EXPECT_NE(rig->run(workbench().run(run))->code, 0);
    EXPECT_FALSE(std::filesystem::exists(rig->world(one) + "/x"));
}

TEST_F(Launcher, AFolderOutsideTheVaultIsRefusedHoweverItIsNamed) {
    std::filesystem::create_directory_symlink("/root", rig->options.vault + "/link");
    for (const std::string& folder :
         {std::string("/root"), rig->options.vault, rig->options.vault + "/../servers", rig->options.vault + "/link", rig->options.vault + "x"}) {
        Workbench::Job run;
        run.server = one;
        run.needs_world = false;
        run.folder = folder;
        run.argv = {"sh", "-c", "true"};
        EXPECT_FALSE(rig->run(workbench().run(run))) << folder;
    }
}

TEST_F(Launcher, AConfinedProgramTakesTheNameItIsGivenForTheMachines) {
    Workbench::Job run;
    run.server = one;
    run.needs_world = false;
    run.host_name = "gamekeeper-vault";
    run.argv = {"sh", "-c", "uname -n"};
    EXPECT_EQ(rig->run(workbench().run(run))->output, "gamekeeper-vault\n");

    run.host_name = "../x";
    EXPECT_EQ(rig->run(workbench().run(run)).error().kind, RuntimeError::Kind::invalid);
}

// Also when the first one is not known any more: the lock is the program's own.
TEST_F(Launcher, OneProgramAtATimeWorksInAFolder) {
    const auto folder = rig->options.vault + "/repository";
    std::filesystem::create_directory(folder);
    const int held = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_EQ(::flock(held, LOCK_EX | LOCK_NB), 0);
    Workbench::Job run;
    run.server = one;
    run.needs_world = false;
    run.folder = folder;
    run.argv = {"sh", "-c", "echo in"};

    const auto second = rig->run(workbench().run(run));
    ::close(held);
    const auto third = rig->run(workbench().run(run));

    ASSERT_TRUE(second);
    EXPECT_NE(second->code, 0);
    EXPECT_TRUE(second->errors.contains("another program of ours still works")) << second->errors;
    EXPECT_EQ(third->output, "in\n");
}

TEST_F(Launcher, AnExtraFileHasAPlainName) {
    for (const auto* name : {"../x", "a/b", "", ".", ".."}) {
        Workbench::Job run;
        run.server = one;
        run.needs_world = false;
        run.extra_files = {{name, "x"}};
        run.argv = {"sh", "-c", "true"};
        const auto ended = rig->run(workbench().run(run));
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

}  // namespace
}  // namespace gk::host_test
