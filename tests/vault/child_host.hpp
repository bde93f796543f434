#pragma once

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "ports/host.hpp"

namespace gk::restic {

// For tests: a host whose worlds are folders below `root` and whose confined programs are plain children, waited for on the spot.
class ChildHost final : public Host {
public:
    explicit ChildHost(std::filesystem::path root) : root_(std::move(root)) {}

    std::filesystem::path world(ServerUid uid, Disk which) const { return disk(uid, which) / "data"; }

    Answer<Disks> disks(ServerUid uid) override {
        const Disks found{.live = exists(disk(uid, Disk::live)), .staged = exists(disk(uid, Disk::staged))};
        co_return found;
    }
    Answer<Success> create_disk(ServerUid uid, Disk which, DiskSpec) override {
        std::filesystem::create_directories(world(uid, which));
        co_return Success{};
    }
    Answer<Success> remove_disk(ServerUid uid, Disk which) override {
        std::filesystem::remove_all(disk(uid, which));
        co_return Success{};
    }
    Answer<Success> switch_disk(ServerUid uid) override {
        std::filesystem::remove_all(disk(uid, Disk::live));
        std::filesystem::rename(disk(uid, Disk::staged), disk(uid, Disk::live));
        co_return Success{};
    }
    Answer<Success> launch(server::LaunchSpec, Epoch) override { co_return unsupported(); }
    Answer<Success> kill(ServerUid) override { co_return unsupported(); }
    Answer<Success> clean(ServerUid) override { co_return unsupported(); }
    Answer<Success> forget(ServerUid) override { co_return unsupported(); }
    Answer<std::vector<ServerUid>> list() override { co_return unsupported(); }
    Answer<server::Usage> usage(ServerUid) override { co_return unsupported(); }
    Answer<int> open_files(ServerUid) override { co_return unsupported(); }
    Answer<std::vector<std::string>> shortcomings() override { co_return std::vector<std::string>{}; }
    Answer<Success> own_disk(ServerUid, Disk, std::uint32_t slot) override {
        owned_by.push_back(slot);
        co_return Success{};
    }

    Answer<Ended> run_confined(ConfinedRun run) override {
        runs.push_back(run.argv);
        if (run.needs_world && !exists(disk(run.server, run.disk))) {
            co_return std::unexpected(RuntimeError{RuntimeError::Kind::not_found, "the world's disk is absent"});
        }
        if (fail_next_run) {
            fail_next_run = false;
            co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "asked to fail"});
        }
        const auto place = run.needs_world ? disk(run.server, run.disk) : root_ / "nowhere";
        std::filesystem::create_directories(place / "record");
        for (const auto& [name, content] : run.extra_files) std::ofstream(place / "record" / name, std::ios::binary) << content;
        auto ended = wait_for(run, place);
        std::filesystem::remove_all(place / "record");
        if (lose_next_reply) {
            lose_next_reply = false;
            co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "asked to lose the reply"});
        }
        co_return ended;
    }

    std::vector<std::vector<std::string>> runs;  // What was asked for, for tests that count.
    std::vector<std::uint32_t> owned_by;
    bool fail_next_run = false;
    bool lose_next_reply = false;

private:
    static std::unexpected<RuntimeError> unsupported() { return std::unexpected(RuntimeError{RuntimeError::Kind::invalid, "not in this test"}); }

    std::filesystem::path disk(ServerUid uid, Disk which) const { return root_ / uid.text() / (which == Disk::live ? "live" : "staged"); }

    static Ended wait_for(const ConfinedRun& run, const std::filesystem::path& place) {
        std::vector<std::string> env{"PATH=/usr/bin:/bin", "TMPDIR=/tmp", "RESTIC_PASSWORD=" + run.password.reveal()};
        for (const auto& [name, value] : run.env) env.push_back(name + "=" + value);
        std::array<int, 2> out{};
        std::array<int, 2> err{};
        if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) std::abort();
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        posix_spawn_file_actions_adddup2(&actions, err[1], 2);
        posix_spawn_file_actions_addchdir_np(&actions, place.c_str());
        auto argv = pointers(run.argv);
        auto envp = pointers(env);
        pid_t pid = 0;
        const int failed = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), envp.data());
        posix_spawn_file_actions_destroy(&actions);
        ::close(out[1]);
        ::close(err[1]);
        Ended ended;
        if (failed == 0) drain(out[0], err[0], ended);
        ::close(out[0]);
        ::close(err[0]);
        int status = 0;
        if (failed != 0 || ::waitpid(pid, &status, 0) != pid) std::abort();
        ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return ended;
    }

    static std::vector<char*> pointers(const std::vector<std::string>& texts) {
        std::vector<char*> result;
        for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
        result.push_back(nullptr);
        return result;
    }

    static void drain(int out, int err, Ended& ended) {
        std::array<pollfd, 2> waiting{pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
        std::array<std::string*, 2> texts{&ended.output, &ended.errors};
        while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
            if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
            for (std::size_t i = 0; i < waiting.size(); ++i) {
                if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
                std::array<char, 65536> buffer{};
                const auto count = ::read(waiting[i].fd, buffer.data(), buffer.size());
                if (count > 0) texts[i]->append(buffer.data(), static_cast<std::size_t>(count));
                else waiting[i].fd = -1;
            }
        }
    }

    std::filesystem::path root_;
};

}  // namespace gk::restic
