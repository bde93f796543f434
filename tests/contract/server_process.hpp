#pragma once

#include <array>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "base/assert.hpp"

// A server that a test starts: it says when it is ready, and goes with the test's process.
namespace gk::contract {

struct ServerProcess {
    pid_t pid = -1;
    int output = -1;  // What it says; the reader closes it.
};

[[noreturn]] inline void become_server(std::vector<std::string> words, int output, const passwd* user) {
    const bool stays = user == nullptr || (setgroups(0, nullptr) == 0 && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0);
    if (!stays) _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    setenv("LC_ALL", "C", 1);
    execv(arguments[0], arguments.data());
    _exit(127);
}

// `user`: whom it runs as; null: as we do.
inline ServerProcess launch_server(std::vector<std::string> words, const passwd* user = nullptr) {
    std::array<int, 2> ends{};
    ASSERT(pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe can be made");
    const auto pid = fork();
    if (pid == 0) become_server(std::move(words), ends[1], user);
    close(ends[1]);
    return {.pid = pid, .output = ends[0]};
}

// Reads until `word` comes or everything has been said; what was said.
inline std::string read_until(int output, std::string_view word) {
    std::string said;
    std::array<char, 4096> part{};
    while (said.find(word) == std::string::npos) {
        const auto count = read(output, part.data(), part.size());
        if (count <= 0) break;
        said.append(part.data(), static_cast<std::size_t>(count));
    }
    return said;
}

inline int wait_for(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
}

}  // namespace gk::contract
