#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "launcher/failure.hpp"

namespace gk::launcher {

struct Limits {
    std::size_t output_max = 1 << 20;  // Of standard output; more ends the program with `exhausted`.
    std::size_t errors_max = 64 << 10; // Of standard error, the last of it.
    std::chrono::milliseconds time = std::chrono::minutes(2);
};

struct Ended {
    int code = 0;  // 128 + signal when it died by one.
    std::string output;
    std::string errors;
};

// Runs `body` in a new process with `input` as its standard input, and collects what it writes. The body executes a
// program or returns an exit code. `clone_flags`: further namespaces (CLONE_NEWNS ...). The child dies with its parent.
Outcome<Ended> run_child(const std::function<int()>& body, const std::string& input, const Limits& limits, unsigned long clone_flags = 0);

// A program of this machine, by absolute path, with a fixed environment.
Outcome<Ended> run_program(const std::vector<std::string>& argv, const std::string& input = {}, const Limits& limits = {});
// The same, where any other end than exit code 0 is a failure that quotes the program's last words.
Outcome<Success> must_run(const std::vector<std::string>& argv, const std::string& input = {});

// For execve(): pointers into `texts`, with the null at the end.
std::vector<char*> pointers(const std::vector<std::string>& texts);

// Undoes in a child what the launcher has set for itself: signal dispositions and mask.
void restore_signals();

}  // namespace gk::launcher
