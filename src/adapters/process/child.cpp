#include "adapters/process/child.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <list>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"

namespace gk::process {
namespace {

namespace asio = boost::asio;
using Stream = asio::posix::stream_descriptor;

constexpr std::size_t output_max = 16 << 20;
constexpr std::size_t errors_max = 64 << 10;

RuntimeError system_error(int error, std::string_view tried) {
    const bool full = error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
    return {full ? RuntimeError::Kind::exhausted : RuntimeError::Kind::unavailable,
            fmt::format("{}: {}", tried, std::generic_category().message(error))};
}

struct FileActions {
    FileActions() { posix_spawn_file_actions_init(&actions); }
    ~FileActions() { posix_spawn_file_actions_destroy(&actions); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    void place(int fd, int target, int null_flags) {
        if (fd >= 0) posix_spawn_file_actions_adddup2(&actions, fd, target);
        else posix_spawn_file_actions_addopen(&actions, target, "/dev/null", null_flags, 0);
    }
    posix_spawn_file_actions_t actions{};
};

struct Attributes {
    Attributes() { posix_spawnattr_init(&attributes); }
    ~Attributes() { posix_spawnattr_destroy(&attributes); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    posix_spawnattr_t attributes{};
};

// Signal dispositions of our own (SIGPIPE ignored) would be inherited.
void set_flags(posix_spawnattr_t& attributes, bool own_session) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    const int group = own_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

struct Pipe {
    int ours = -1;
    int theirs = -1;
};

// Owns the ends until they are handed to streams.
class Pipes {
public:
    ~Pipes() {
        for (const Pipe& pipe : {input, output, errors}) {
            if (pipe.ours >= 0) ::close(pipe.ours);
        }
        close_theirs();
    }
    bool open() { return make(input, true) && make(output, false) && make(errors, false); }
    void close_theirs() {
        for (Pipe* pipe : {&input, &output, &errors}) {
            if (pipe->theirs >= 0) ::close(std::exchange(pipe->theirs, -1));
        }
    }
    Pipe input;
    Pipe output;
    Pipe errors;

private:
    static bool make(Pipe& pipe, bool we_write) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        pipe = we_write ? Pipe{ends[1], ends[0]} : Pipe{ends[0], ends[1]};
        return true;
    }
};

struct Running {
    Running(const asio::any_io_executor& executor, Pipes& pipes, pid_t child)
        : pid(child),
          input(executor, std::exchange(pipes.input.ours, -1)),
          output(executor, std::exchange(pipes.output.ours, -1)),
          errors(executor, std::exchange(pipes.errors.ours, -1)),
          ended(executor, static_cast<int>(::syscall(SYS_pidfd_open, child, 0))) {}

    // A program that nobody waited for to its end was cancelled, or out of time: it does not outlive us.
    ~Running() {
        if (collected) return;
        end();
        wait();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    void end() const { ::kill(-pid, SIGKILL); }
    int wait() {
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        collected = true;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

    pid_t pid;
    Stream input;
    Stream output;
    Stream errors;
    Stream ended;
    std::string output_text;
    std::string errors_text;
    bool too_much = false;
    bool in_time = false;
    bool collected = false;
    int parts = 0;  // Of the work on it that still go on.
    async::Signal done;
};

// Reads to the end of the stream; a cancellation throws as everywhere.
Task<std::size_t> read_some(Stream& stream, std::array<char, 64 << 10>& chunk) {
    boost::system::error_code error;
    const auto room = asio::buffer(chunk);
    const auto count = co_await stream.async_read_some(room, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    co_return error ? 0 : count;
}

Task<void> collect_output(Running& running) {
    std::array<char, 64 << 10> chunk{};
    while (const auto count = co_await read_some(running.output, chunk)) {
        running.output_text.append(chunk.data(), count);
        if (running.output_text.size() <= output_max) continue;
        running.too_much = true;
        running.end();
    }
}

Task<void> collect_errors(Running& running) {
    std::array<char, 64 << 10> chunk{};
    while (const auto count = co_await read_some(running.errors, chunk)) {
        auto& text = running.errors_text;
        text.append(chunk.data(), count);
        if (text.size() > errors_max) text.erase(0, text.size() - errors_max);
    }
}

Task<void> feed(Running& running, const std::string& input) {
    boost::system::error_code error;  // A program that does not read is no error of ours.
    const auto bytes = asio::buffer(input);
    co_await asio::async_write(running.input, bytes, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    running.input.close();
}

Task<void> wait_for_end(Running& running) { co_await running.ended.async_wait(Stream::wait_read, asio::use_awaitable); }

Task<void> as_part(Running& running, Task<void> part) {
    ++running.parts;
    co_await std::move(part);
    if (--running.parts == 0) running.done.raise();
}

Task<void> until_done(Clock& clock, Running& running, Time deadline) {
    running.in_time = co_await async::finishes_by(clock, deadline, running.done.wait());
}

}  // namespace

Result<pid_t, RuntimeError> start(const Start& how) {
    FileActions files;
    files.place(how.input, 0, O_RDONLY);
    files.place(how.output, 1, O_WRONLY);
    files.place(how.errors, 2, O_WRONLY);
    if (how.third >= 0) posix_spawn_file_actions_adddup2(&files.actions, how.third, 3);
    posix_spawn_file_actions_addclosefrom_np(&files.actions, how.third >= 0 ? 4 : 3);
    if (!how.directory.empty()) posix_spawn_file_actions_addchdir_np(&files.actions, how.directory.c_str());
    Attributes attributes;
    set_flags(attributes.attributes, how.own_session);
    std::vector<std::string> env;
    for (const auto& [name, value] : how.env) env.push_back(fmt::format("{}={}", name, value));
    pid_t pid = 0;
    const int error =
        ::posix_spawn(&pid, how.program.c_str(), &files.actions, &attributes.attributes, pointers(how.argv).data(), pointers(env).data());
    if (error != 0) return std::unexpected(system_error(error, fmt::format("{} could not be started", how.program)));
    return pid;
}

Task<Result<Workbench::Ended, RuntimeError>> run_to_end(Clock& clock, Start how, std::string input, Milliseconds time_limit) {
    const auto executor = co_await asio::this_coro::executor;
    Pipes pipes;
    if (!pipes.open()) co_return std::unexpected(system_error(errno, "a pipe could not be made"));
    how.input = pipes.input.theirs;
    how.output = pipes.output.theirs;
    how.errors = pipes.errors.theirs;
    CO_TRY(pid, start(how));
    pipes.close_theirs();
    Running running(executor, pipes, pid);
    async::TaskGroup group(executor);
    group.spawn("end", as_part(running, wait_for_end(running)));
    group.spawn("output", as_part(running, collect_output(running)));
    group.spawn("errors", as_part(running, collect_errors(running)));
    group.spawn("input", as_part(running, feed(running, input)));
    auto body = until_done(clock, running, clock.now() + time_limit);
    co_await async::run_with(group, std::move(body));
    if (!running.in_time)
        co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, fmt::format("{} did not end in time", how.program)});
    if (running.too_much)
        co_return std::unexpected(RuntimeError{RuntimeError::Kind::exhausted, fmt::format("{} wrote more than 16 MiB", how.program)});
    Workbench::Ended ended{.code = running.wait(), .output = std::move(running.output_text), .errors = std::move(running.errors_text)};
    co_return ended;
}

struct Reaper::State : std::enable_shared_from_this<State> {
    explicit State(asio::any_io_executor on) : executor(std::move(on)) {}

    void take(pid_t child) {
        const int fd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
        if (fd < 0) return;  // Ended and collected already, or never ours.
        children.emplace_back(executor, fd);
        const auto place = std::prev(children.end());
        place->async_wait(Stream::wait_read, [self = shared_from_this(), place, child](const boost::system::error_code& error) {
            if (error) return;
            ::waitpid(child, nullptr, WNOHANG);
            self->children.erase(place);
        });
    }

    asio::any_io_executor executor;
    std::list<Stream> children;
};

Reaper::Reaper(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}
Reaper::~Reaper() {
    for (auto& child : state_->children) child.close();
}
void Reaper::take(pid_t child) { state_->take(child); }

}  // namespace gk::process
