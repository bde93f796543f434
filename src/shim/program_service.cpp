#include "shim/program_service.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <poll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <utility>

#include <fmt/format.h>

#include "shim/execution.hpp"
#include "shim/files/confined_files.hpp"
#include "shim/memory_watch.hpp"
#include "wire/shim/program.hpp"

namespace gk::shim {
namespace {

using wire::shim::ProgramEnd;
using wire::shim::ProgramOrder;
using wire::shim::ProgramPiece;

constexpr Milliseconds farewell{5'000};  // Between SIGINT and SIGKILL.

bool is_plain(std::string_view name) { return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos; }

ShimError refused(const FilesRefusal& why) { return {why.detail}; }

ShimResult<Success> make_folder(const std::string& place, const std::string& name, mode_t mode) {
    if (!is_plain(name)) return std::unexpected(ShimError{fmt::format("'{}' is no plain name", name)});
    const auto path = place + "/" + name;
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return std::unexpected(system_error(path));
    return Success{};
}

// The folder of an order, while it is there.
class OrderFolder {
public:
    static ShimResult<OrderFolder> make(const ProgramOrder& order) {
        auto place = ConfinedFiles::open(order.working_directory);
        if (!place) return std::unexpected(refused(place.error()));
        if (!order.world.empty()) TRY_OK(make_folder(order.working_directory, order.world, 0770));
        OrderFolder made(std::move(*place), order.folder);
        if (order.folder.empty()) return made;
        if (is_plain(order.folder)) made.remove();  // What a program left whose shim was killed.
        TRY_OK(make_folder(order.working_directory, order.folder, 0700));
        for (const auto& [name, content] : order.files) {
            if (!is_plain(name)) return std::unexpected(ShimError{fmt::format("'{}' is no plain name", name)});
            const auto written = made.place_.write(order.folder + "/" + name, as_byte_span(content));
            if (!written) return std::unexpected(refused(written.error()));
        }
        return made;
    }
    void remove() const {
        if (!folder_.empty()) (void)place_.remove(folder_, true);
    }

private:
    OrderFolder(ConfinedFiles place, std::string folder) : place_(std::move(place)), folder_(std::move(folder)) {}
    ConfinedFiles place_;
    std::string folder_;
};

// A file in memory, so that the program may also open it by name; nothing of it reaches a disk.
ShimResult<Descriptor> file_of(const std::string& text) {
    Descriptor file(::memfd_create("input", MFD_CLOEXEC));
    if (!file) return std::unexpected(system_error("a file in memory"));
    for (std::size_t at = 0; at < text.size();) {
        const auto count = ::write(file.get(), text.data() + at, text.size() - at);
        if (count <= 0) return std::unexpected(system_error("a file in memory"));
        at += static_cast<std::size_t>(count);
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

struct Running {
    pid_t pid = 0;
    Descriptor process;
    Descriptor output;
    Descriptor errors;
};

ShimResult<Running> start(const ProgramOrder& order) {
    if (order.argv.empty()) return std::unexpected(ShimError{"the order names no program"});
    // An image's own search path is another program's business.
    if (const auto path = order.env.find("PATH"); path != order.env.end()) ::setenv("PATH", path->second.c_str(), 1);
    TRY(input, file_of(order.input));
    TRY(output, make_pipe());
    TRY(errors, make_pipe());
    const ProgramEnds ends{.input = std::move(input), .output = std::move(output.writer), .errors = std::move(errors.writer)};
    const wire::shim::Program limits;
    Execution what{.argv = order.argv, .env = {}, .working_directory = order.working_directory, .limits = &limits};
    what.own_session = what.dies_with_parent = true;
    for (const auto& [name, text] : order.env) what.env.push_back(name + "=" + text);
    TRY(pid, execute(std::move(what), ends));
    set_nonblocking(output.reader.get());
    set_nonblocking(errors.reader.get());
    return Running{pid, Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))), std::move(output.reader), std::move(errors.reader)};
}

// From its start to its end.
class Run {
public:
    Run(Conversation& with, Running running, Descriptor signals) : with_(with), running_(std::move(running)), signals_(std::move(signals)) {}

    // The wait status.
    int until_it_ends() {
        while (!ended_) turn();
        // Who stayed behind in its group would hold its streams open.
        ::kill(-running_.pid, SIGKILL);
        int status = 0;
        ::waitpid(running_.pid, &status, 0);
        pass_on(running_.output, ProgramPiece::Stream::output);
        pass_on(running_.errors, ProgramPiece::Stream::errors);
        return status;
    }
    bool is_heard() const { return is_heard_; }

private:
    void turn() {
        std::array<pollfd, 5> waited{{{.fd = running_.process.get(), .events = POLLIN, .revents = 0},
                                      {.fd = is_ending() ? -1 : signals_.get(), .events = POLLIN, .revents = 0},
                                      {.fd = is_heard_ ? with_.socket() : -1, .events = POLLIN | POLLRDHUP, .revents = 0},
                                      {.fd = running_.output.get(), .events = POLLIN, .revents = 0},
                                      {.fd = running_.errors.get(), .events = POLLIN, .revents = 0}}};
        const auto wait = is_ending() ? std::max(Milliseconds(0), *kill_at_ - monotonic_now()).count() : -1;
        const int ready = ::poll(waited.data(), waited.size(), static_cast<int>(wait));
        if (ready == 0) kill_it();
        if (ready <= 0) return;
        if (waited[1].revents != 0) end_it();
        // Whatever it says: it has nothing to say, so it has gone, or does not keep to the protocol.
        if (waited[2].revents != 0) lose_listener();
        if (waited[3].revents != 0) pass_on(running_.output, ProgramPiece::Stream::output);
        if (waited[4].revents != 0) pass_on(running_.errors, ProgramPiece::Stream::errors);
        ended_ = waited[0].revents != 0;
    }
    bool is_ending() const { return kill_at_.has_value(); }
    void end_it() {
        if (is_ending()) return;
        kill_at_ = monotonic_now() + farewell;
        ::kill(-running_.pid, SIGINT);
    }
    void kill_it() {
        kill_at_ = monotonic_now() + farewell;  // Again then: a disk that hangs may hold it.
        ::kill(-running_.pid, SIGKILL);
    }
    void lose_listener() {
        is_heard_ = false;
        end_it();
    }
    // All that can be read now. A slow listener slows the program, by its pipe.
    void pass_on(Descriptor& from, ProgramPiece::Stream stream) {
        std::array<char, wire::shim::program_piece_size_max> bytes;
        while (from) {
            const auto count = ::read(from.get(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0 && errno == EAGAIN) return;
            if (count <= 0) return from.reset();
            const ProgramPiece piece{.stream = stream, .bytes = std::string(bytes.data(), static_cast<std::size_t>(count))};
            if (is_heard_ && !with_.say(wire::shim::encode(piece))) lose_listener();
            if (static_cast<std::size_t>(count) < bytes.size()) return;
        }
    }

    Conversation& with_;
    Running running_;
    Descriptor signals_;
    bool is_heard_ = true;
    bool ended_ = false;
    std::optional<Milliseconds> kill_at_;
};

ProgramEnd end_of(int status, const MemoryWatch& memory) {
    ProgramEnd end;
    if (WIFEXITED(status)) {
        end.number = WEXITSTATUS(status);
        return end;
    }
    end.number = WTERMSIG(status);
    end.how = end.number == SIGKILL && memory.kills() > 0 ? ProgramEnd::How::out_of_memory : ProgramEnd::How::signalled;
    return end;
}

ProgramEnd not_started(ShimError why) { return {.how = ProgramEnd::How::not_started, .number = 0, .detail = std::move(why.detail)}; }

Descriptor requests_to_end() {
    sigset_t taken;
    ::sigemptyset(&taken);
    ::sigaddset(&taken, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &taken, nullptr);
    return Descriptor(::signalfd(-1, &taken, SFD_CLOEXEC));
}

// Nothing: nobody listens any more.
std::optional<ProgramEnd> carry_out(Conversation& with, const ProgramOrder& order, const std::string& cgroup_root) {
    auto signals = requests_to_end();
    const MemoryWatch memory(cgroup_root, "/");
    const auto folder = OrderFolder::make(order);
    if (!folder) return not_started(folder.error());
    auto running = start(order);
    if (!running) {
        folder->remove();
        return not_started(running.error());
    }
    Run run(with, std::move(*running), std::move(signals));
    const int status = run.until_it_ends();
    folder->remove();
    return run.is_heard() ? std::optional(end_of(status, memory)) : std::nullopt;
}

std::optional<ProgramOrder> hear_order(Conversation& with) {
    for (;;) {
        auto framed = wire::shim::read_program_order(with.heard());
        if (!framed) return std::nullopt;
        if (framed->message) return std::move(framed->message);
        if (!with.hear()) return std::nullopt;
    }
}

}  // namespace

void serve_program(Conversation with, const wire::shim::Answer& answer, const std::string& cgroup_root) {
    if (!with.begin(answer)) return;
    auto order = hear_order(with);
    if (!order) return;
    with.heard() = {};
    const auto end = carry_out(with, *order, cgroup_root);
    if (end) with.say(wire::shim::encode(*end));
}

}  // namespace gk::shim
