#include "shim/execution.hpp"

#include <cerrno>
#include <csignal>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/game_process.hpp"

namespace gk::shim {
namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> out;
    for (auto& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

void set_limit(__rlimit_resource resource, rlim_t value) {
    rlimit limit{.rlim_cur = value, .rlim_max = value};
    ::setrlimit(resource, &limit);
}

void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// In the child. Returns only when something failed, with errno set.
void become(const Execution& what, char* const* argv, char* const* env, const ProgramEnds& ends) {
    reset_signals();
    if (what.dies_with_parent) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (what.own_session) ::setsid();
    const auto& errors = ends.errors ? ends.errors : ends.output;
    if (::dup2(ends.input.get(), 0) < 0 || ::dup2(ends.output.get(), 1) < 0 || ::dup2(errors.get(), 2) < 0) return;
    if (what.limits != nullptr) {
        set_limit(RLIMIT_CORE, 0);
        set_limit(RLIMIT_NOFILE, what.limits->files_max);
        if (what.limits->memory_bytes_max != 0) set_limit(RLIMIT_DATA, what.limits->memory_bytes_max);
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    }
    if (what.identity != nullptr && !drop_rights(*what.identity)) return;
    if (::chdir(what.working_directory.c_str()) != 0) return;
    ::execvpe(argv[0], argv, env);
}

}  // namespace

// The child reports a failed exec as its errno through a pipe that a successful exec closes.
ShimResult<pid_t> execute(Execution what, const ProgramEnds& ends) {
    TRY(report, make_pipe());
    const auto argv = pointers(what.argv), env = pointers(what.env);
    const pid_t pid = ::fork();
    if (pid < 0) return std::unexpected(system_error("fork"));
    if (pid == 0) {
        become(what, argv.data(), env.data(), ends);
        const int error = errno;
        [[maybe_unused]] const auto written = ::write(report.writer.get(), &error, sizeof error);
        ::_exit(127);
    }
    report.writer.reset();
    int error = 0;
    if (::read(report.reader.get(), &error, sizeof error) == sizeof error) {
        ::waitpid(pid, nullptr, 0);
        errno = error;
        return std::unexpected(system_error("cannot start " + what.argv.front() + " in " + what.working_directory));
    }
    return pid;
}

}  // namespace gk::shim
