#include "shim/game_process.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "shim/execution.hpp"

namespace gk::shim {

namespace {

using wire::shim::Spec;

constexpr const char* runc_pid_file = "game.pid";
constexpr const char* runc_log_file = "runc.log";
constexpr int runc_patience_ms = 60'000;

struct Plumbing {
    Streams ours;
    ProgramEnds theirs;
};

ShimResult<Plumbing> make_pipes() {
    TRY(input, make_pipe());
    TRY(output, make_pipe());
    return Plumbing{.ours = {std::move(input.writer), std::move(output.reader)}, .theirs = {std::move(input.reader), std::move(output.writer), {}}};
}

// Wide, so that servers with a screen of their own do not break the lines we look for; without echo of what we type.
ShimResult<Plumbing> make_terminal() {
    winsize size{.ws_row = 50, .ws_col = 500, .ws_xpixel = 0, .ws_ypixel = 0};
    int master = -1, slave = -1;
    if (::openpty(&master, &slave, nullptr, nullptr, &size) != 0) return std::unexpected(system_error("a pseudo-terminal"));
    termios settings{};
    ::tcgetattr(slave, &settings);
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(slave, TCSANOW, &settings);
    Plumbing made{.ours = {Descriptor(master), Descriptor(::fcntl(master, F_DUPFD_CLOEXEC, 3))},
                  .theirs = {Descriptor(slave), Descriptor(::fcntl(slave, F_DUPFD_CLOEXEC, 3)), {}}};
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(slave, F_SETFD, FD_CLOEXEC);
    return made;
}

ShimResult<pid_t> start_directly(const Spec& spec, const ProgramEnds& ends) {
    if (spec.program.argv.empty()) return std::unexpected(ShimError{"the launch document names no program"});
    Execution what{.argv = spec.program.argv,
                   .env = {},
                   .working_directory = spec.program.working_directory,
                   .limits = &spec.program,
                   .identity = spec.identity ? &*spec.identity : nullptr,
                   .own_session = true};
    for (const auto& [name, value] : spec.program.env) what.env.push_back(name + "=" + value);
    return execute(std::move(what), ends);
}

// runc has ended, or the time is over and it is made to.
ShimResult<int> wait_for_runc(pid_t pid) {
    Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
    const bool in_time = ::poll(&ended, 1, runc_patience_ms) == 1;
    if (!in_time) ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (!in_time) return std::unexpected(ShimError{"runc did not start the sandbox within 60 s"});
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

ShimResult<pid_t> read_pid(int run_folder) {
    TRY(text, read_file(run_folder, runc_pid_file, 32));
    pid_t pid = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (read.ec != std::errc() || pid <= 1) return std::unexpected(ShimError{"runc left no process id"});
    return pid;
}

ShimResult<pid_t> start_container(const Spec& spec, int run_folder, const ProgramEnds& ends) {
    ::unlinkat(run_folder, runc_pid_file, 0);
    ::unlinkat(run_folder, runc_log_file, 0);
    const auto folder = fmt::format("/proc/{}/fd/{}/", ::getpid(), run_folder);
    const auto& c = spec.container;
    Execution what{.argv = {c.runc, "--root", c.root, "--log", folder + runc_log_file, "run", "--detach", "--bundle", c.bundle, "--pid-file",
                            folder + runc_pid_file, c.id},
                   .env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};
    TRY(runc, execute(std::move(what), ends));
    TRY(code, wait_for_runc(runc));
    if (code != 0) {
        const auto said = read_file(run_folder, runc_log_file, 4096).value_or("");
        return std::unexpected(ShimError{fmt::format("runc could not start the sandbox (code {}): {}", code, trimmed(said))});
    }
    return read_pid(run_folder);
}

// One of the masks in /proc/PID/status, such as "SigCgt:"; nothing when it cannot be read.
std::optional<std::uint64_t> signal_mask(std::string_view status, std::string_view key) {
    for (const auto line : split(status, '\n')) {
        if (!line.starts_with(key)) continue;
        const auto text = trimmed(line.substr(key.size()));
        std::uint64_t mask = 0;
        std::from_chars(text.data(), text.data() + text.size(), mask, 16);
        return mask;
    }
    return std::nullopt;
}

// Whether the process has said nothing about this signal: neither that it handles it nor that it wants to be left alone with it.
bool leaves_to_default(pid_t pid, int signal) {
    const auto status = read_file(fmt::format("/proc/{}/status", pid), 16 * 1024).value_or("");
    const auto caught = signal_mask(status, "SigCgt:");
    const auto ignored = signal_mask(status, "SigIgn:");
    return caught && ignored && ((*caught | *ignored) >> (signal - 1) & 1) == 0;
}

bool ends_by_default(int signal) {
    return signal != SIGCHLD && signal != SIGURG && signal != SIGWINCH && signal != SIGCONT && signal != SIGSTOP && signal != SIGTSTP;
}

}  // namespace

ShimResult<Game> start_game(const Spec& spec, int run_folder) {
    TRY(plumbing, spec.terminal ? make_terminal() : make_pipes());
    const bool contained = spec.mode == wire::shim::Mode::runc;
    TRY(pid, contained ? start_container(spec, run_folder, plumbing.theirs) : start_directly(spec, plumbing.theirs));
    set_nonblocking(plumbing.ours.input.get());
    set_nonblocking(plumbing.ours.output.get());
    return Game{.pid = pid, .first_of_namespace = contained, .streams = std::move(plumbing.ours)};
}

void send_signal(const Game& game, int signal) {
    const bool would_be_dropped = game.first_of_namespace && ends_by_default(signal) && leaves_to_default(game.pid, signal);
    ::kill(game.pid, would_be_dropped ? SIGKILL : signal);
}

void kill_everything(const Game& game) {
    ::kill(game.pid, SIGKILL);
    if (game.first_of_namespace) return;
    ::kill(-game.pid, SIGKILL);
    const auto children = read_file(fmt::format("/proc/self/task/{}/children", ::getpid()), 64 * 1024).value_or("");
    for (const auto word : split(children, ' ')) {
        pid_t pid = 0;
        std::from_chars(word.data(), word.data() + word.size(), pid);
        const bool helps = game.helpers != nullptr && game.helpers->contains(pid);
        if (pid > 1 && !helps) ::kill(pid, SIGKILL);
    }
}

void reap_children(const ChildEnded& ended) {
    int wait_status = 0;
    rusage usage{};
    for (pid_t pid = 0; (pid = ::wait4(-1, &wait_status, WNOHANG, &usage)) > 0;)
        ended(pid, wait_status, static_cast<std::uint64_t>(usage.ru_maxrss) * 1024);
}

ShimResult<Success> drop_rights(const wire::shim::Identity& identity) {
    // Leaving uid 0 clears the permitted, effective and ambient capabilities; with no_new_privs no exec brings any back.
    if (::setgroups(0, nullptr) != 0 || ::setresgid(identity.gid, identity.gid, identity.gid) != 0 ||
        ::setresuid(identity.uid, identity.uid, identity.uid) != 0) {
        return std::unexpected(system_error("becoming the server's user"));
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return std::unexpected(system_error("giving up privileges"));
    }
    if (identity.uid != 0 && ::setresuid(0, 0, 0) == 0) return std::unexpected(ShimError{"the shim could become root again"});
    return Success{};
}

}  // namespace gk::shim
