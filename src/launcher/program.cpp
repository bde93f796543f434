#include "launcher/program.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/descriptor.hpp"
#include "base/text.hpp"

namespace gk::launcher {
namespace {

struct Pipe {
    Descriptor read;
    Descriptor write;
};
Outcome<Pipe> open_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("a pipe could not be made");
    return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// Moves what is there; false at the end of the stream.
bool drain(int fd, std::string& into) {
    std::array<char, 64 << 10> chunk{};
    for (;;) {
        const auto count = ::read(fd, chunk.data(), chunk.size());
        if (count > 0) {
            into.append(chunk.data(), static_cast<std::size_t>(count));
            continue;
        }
        if (count < 0 && errno == EINTR) continue;
        return count < 0 && errno == EAGAIN;
    }
}

// The whole input lies ready before anybody reads it: nobody has to be fed. Sealed, so that a reader cannot make it grow.
Outcome<Descriptor> lay_ready(const std::string& input) {
    Descriptor file(::memfd_create("input", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    for (std::string_view rest = input; file && !rest.empty();) {
        const auto count = ::write(file.get(), rest.data(), rest.size());
        if (count < 0) return fail_errno("a program's input could not be laid ready");
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    const bool ready = file && ::lseek(file.get(), 0, SEEK_SET) == 0 &&
                       ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
    if (!ready) return fail_errno("a program's input could not be laid ready");
    return file;
}

class Collector {
public:
    Collector(pid_t child, Descriptor output, Descriptor errors) : child_(child), output_(std::move(output)), errors_(std::move(errors)) {
        for (const int fd : {output_.get(), errors_.get()}) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    }

    Outcome<Ended> collect(const Limits& limits) {
        const auto deadline = std::chrono::steady_clock::now() + limits.time;
        while (output_ || errors_) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
            if (left <= 0) return give_up(Failure::Kind::unavailable, fmt::format("the program did not end within {} s", limits.time.count() / 1000));
            std::array<pollfd, 2> polled{pollfd{output_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}};
            if (::poll(polled.data(), polled.size(), static_cast<int>(std::min<long>(left, 60'000))) < 0 && errno != EINTR) break;
            if (polled[0].revents != 0 && !drain(output_.get(), ended_.output)) output_.reset();
            if (polled[1].revents != 0 && !drain(errors_.get(), ended_.errors)) errors_.reset();
            if (ended_.errors.size() > 2 * limits.errors_max) trim(limits);
            if (ended_.output.size() > limits.output_max) {
                return give_up(Failure::Kind::exhausted, fmt::format("the program wrote more than {} bytes", limits.output_max));
            }
        }
        trim(limits);
        ended_.code = wait();
        return std::move(ended_);
    }

private:
    int wait() const {
        int status = 0;
        while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
        }
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    std::unexpected<Failure> give_up(Failure::Kind kind, std::string text) const {
        ::kill(child_, SIGKILL);
        wait();
        return fail(kind, std::move(text));
    }
    void trim(const Limits& limits) {
        if (ended_.errors.size() > limits.errors_max) ended_.errors.erase(0, ended_.errors.size() - limits.errors_max);
    }

    pid_t child_;
    Descriptor output_;
    Descriptor errors_;
    Ended ended_;
};

}  // namespace

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

void restore_signals() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

Outcome<Ended> run_child(const std::function<int()>& body, const std::string& input, const Limits& limits, unsigned long clone_flags) {
    TRY(in, lay_ready(input));
    TRY(out, open_pipe());
    TRY(err, open_pipe());
    // The raw call, because fork() cannot make namespaces; this process has one thread, so that nothing is left in a torn state.
    const auto child = static_cast<pid_t>(::syscall(SYS_clone, clone_flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (child < 0) return fail_errno("a process could not be started");
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        restore_signals();
        ::dup2(in.get(), STDIN_FILENO);
        ::dup2(out.write.get(), STDOUT_FILENO);
        ::dup2(err.write.get(), STDERR_FILENO);
        ::_exit(body());
    }
    out.write.reset();
    err.write.reset();
    return Collector(child, std::move(out.read), std::move(err.read)).collect(limits);
}

Outcome<Ended> run_program(const std::vector<std::string>& argv, const std::string& input, const Limits& limits) {
    const auto body = [&] {
        std::vector<std::string> env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
        ::execve(argv.front().c_str(), pointers(argv).data(), pointers(env).data());
        return 127;
    };
    return run_child(body, input, limits);
}

Outcome<Success> must_run(const std::vector<std::string>& argv, const std::string& input) {
    TRY(ended, run_program(argv, input));
    if (ended.code == 0) return Success{};
    return fail(Failure::Kind::unavailable, fmt::format("{} ended with code {}: {}", argv.front(), ended.code, trimmed(ended.errors)));
}

}  // namespace gk::launcher
