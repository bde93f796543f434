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

#include "ports/workbench.hpp"

namespace gk::restic {

// For tests: worlds are folders below `root`, programs are plain children, waited for on the spot.
class ChildWorkbench final : public Workbench {
public:
    explicit ChildWorkbench(std::filesystem::path root) : root_(std::move(root)) {}

    std::filesystem::path world(ServerUid uid, WorldDisk which) const { return disk(uid, which) / "data"; }

    Answer<Success> own_world(ServerUid, WorldDisk, std::uint32_t slot) override {
        owned_by.push_back(slot);
        co_return Success{};
    }

    Answer<Ended> run(Job job) override {
        runs.push_back(job.argv);
        if (job.needs_world && !exists(disk(job.server, job.disk))) {
            co_return std::unexpected(RuntimeError{RuntimeError::Kind::not_found, "the world's disk is absent"});
        }
        if (fail_next_run) {
            fail_next_run = false;
            co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "asked to fail"});
        }
        const auto place = job.needs_world ? disk(job.server, job.disk) : root_ / "nowhere";
        std::filesystem::create_directories(place / "record");
        for (const auto& [name, content] : job.extra_files) std::ofstream(place / "record" / name, std::ios::binary) << content;
        auto ended = wait_for(job, place);
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
    std::filesystem::path disk(ServerUid uid, WorldDisk which) const { return root_ / uid.text() / (which == WorldDisk::live ? "live" : "staged"); }

    static Ended wait_for(const Job& job, const std::filesystem::path& place) {
        std::vector<std::string> env{"PATH=/usr/bin:/bin", "TMPDIR=/tmp"};
        for (const auto& [name, secret] : job.secrets) env.push_back(name + "=" + secret.reveal());
        for (const auto& [name, value] : job.env) env.push_back(name + "=" + value);
        std::array<int, 2> out{};
        std::array<int, 2> err{};
        if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) std::abort();
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        posix_spawn_file_actions_adddup2(&actions, err[1], 2);
        posix_spawn_file_actions_addchdir_np(&actions, place.c_str());
        auto argv = pointers(job.argv);
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
