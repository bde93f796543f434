#pragma once

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <vector>

#include <gtest/gtest.h>

#include "edge/udp_relay.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::edge {

// A program with its output in a file; killed at the end.
class Program {
public:
    Program(std::vector<std::string> command, const std::filesystem::path& home) : log_(home / "log") {
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&files, 1, log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawn_file_actions_adddup2(&files, 1, 2);
        const auto home_is = "HOME=" + home.string(), runtime_is = "XDG_RUNTIME_DIR=" + home.string();
        std::vector<const char*> environment = {home_is.c_str(), runtime_is.c_str(), nullptr};
        std::vector<char*> arguments;
        for (auto& word : command) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        EXPECT_EQ(::posix_spawn(&pid_, arguments[0], &files, nullptr, arguments.data(), const_cast<char**>(environment.data())), 0) << command[0];
        posix_spawn_file_actions_destroy(&files);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    std::string log() const {
        std::ifstream in(log_);
        return {std::istreambuf_iterator<char>(in), {}};
    }

private:
    std::filesystem::path log_;
    pid_t pid_ = 0;
};

inline Endpoint free_port() { return local_endpoint(listen_datagrams(*Endpoint::parse("127.0.0.1:0"))->get()); }

// A relay on loopback in front of a real game, which is started when it is asked for.
struct RealGame : testing::Test {
    template <class Until>
    bool turn(Milliseconds most, Until until) {
        for (const auto end = loop.now() + most; loop.now() < end; loop.turn(Milliseconds(20))) {
            if (until()) return true;
        }
        return false;
    }

    void go_up(UdpRelay& relay) const {
        auto up = relay.route();
        up.state = RouteState::up;
        up.upstream = game;
        relay.update(up);
    }

    test::TemporaryDirectory home;
    Loop loop;
    Tokens tokens;
    UdpShared shared{tokens, wake::AnswerBudget({}, loop.now())};
    Endpoint game = free_port();
    std::optional<Program> server;
};

}  // namespace gk::edge
