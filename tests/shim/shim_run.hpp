#pragma once

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <poll.h>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"
#include "wire/shim/layout.hpp"
#include "wire/shim/protocol.hpp"
#include "wire/shim/spec.hpp"

// Runs the real gk-shim with real games in a folder of its own, and talks to it as a control plane does.
namespace gk::shim_test {

namespace fs = std::filesystem;
namespace layout = wire::shim::layout;
using wire::shim::Op;

inline constexpr int patience_ms = 20'000;  // Until a test is given up; never waited for when all is well.

inline std::string program(const std::string& name) { return std::string(GK_BINARY_DIR) + "/bin/" + name; }

inline std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline bool readable(int fd) {
    pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&waited, 1, patience_ms) == 1;
}

class Client {
public:
    explicit Client(const fs::path& run, Epoch epoch = Epoch{1}) : epoch_(epoch), socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const auto path = (run / layout::socket_file).string();
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool is_connected() const { return connected_; }
    std::uint32_t send(Op op, std::string text = {}) {
        const auto frame = wire::shim::encode(wire::shim::Request{.id = ++last_id_, .epoch = epoch_, .op = op, .text = std::move(text)});
        EXPECT_EQ(::send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL), static_cast<ssize_t>(frame.size()));
        return last_id_;
    }
    void send_raw(std::string_view bytes) { ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
    wire::shim::Answer ask(Op op, std::string text = {}) { return answer_to(send(op, std::move(text))); }
    wire::shim::Answer answer_to(std::uint32_t id) {
        for (;;) {
            const auto message = next();
            if (!message) return {.id = id, .outcome = wire::shim::Outcome::unavailable, .text = "the connection ended"};
            const auto* answer = std::get_if<wire::shim::Answer>(&*message);
            if (answer != nullptr && answer->id == id) return *answer;
        }
    }
    // The first status for which this holds; subscribe first. Statuses that have come before count too.
    wire::shim::Status until(const std::function<bool(const wire::shim::Status&)>& holds) {
        while (!seen_ || !holds(*seen_)) {
            if (!next()) {
                ADD_FAILURE() << "the connection ended first";
                return {};
            }
        }
        return *seen_;
    }
    wire::shim::Status until(wire::shim::Phase phase) {
        return until([phase](const auto& status) { return status.phase == phase; });
    }
    // nullopt: the shim has closed the connection.
    std::optional<wire::shim::FromShim> next() {
        for (;;) {
            auto framed = wire::shim::read_from_shim(in_);
            if (!framed) return std::nullopt;
            if (framed->message) {
                in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(framed->size));
                if (const auto* status = std::get_if<wire::shim::Status>(&*framed->message)) seen_ = *status;
                return std::move(framed->message);
            }
            std::byte bytes[4096];
            if (!readable(socket_)) return std::nullopt;
            const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
            if (count <= 0) return std::nullopt;
            in_.insert(in_.end(), bytes, bytes + count);
        }
    }

private:
    Epoch epoch_;
    int socket_;
    bool connected_ = false;
    std::uint32_t last_id_ = 0;
    std::vector<std::byte> in_;
    std::optional<wire::shim::Status> seen_;
};

// One server's folders and, once started, its shim.
class ShimRun {
public:
    ShimRun() {
        for (const auto& folder : {run, log, world}) fs::create_directory(folder);
        spec.epoch = Epoch{1};
        spec.name = "default/toy";
        spec.program.argv = {program("gk-toy-game")};
        spec.program.env = {{"HOME", world.string()}, {"PATH", "/usr/bin:/bin"}};
        spec.program.working_directory = world.string();
        spec.ready.log_pattern = "^ready$";
        spec.console.kind = wire::shim::Console::Kind::input;
        spec.stop = {{.kind = wire::shim::Rung::Kind::signal, .command = {}, .signal = SIGTERM, .wait = Milliseconds(10'000)}};
    }
    ~ShimRun() {
        if (shim_ > 0) {
            ::kill(shim_, SIGTERM);
            if (!ended_within(3'000)) kill_tree();
            ::waitpid(shim_, nullptr, 0);
        }
    }
    ShimRun(const ShimRun&) = delete;
    ShimRun& operator=(const ShimRun&) = delete;

    void add_arguments(std::vector<std::string> words) { spec.program.argv.insert(spec.program.argv.end(), words.begin(), words.end()); }

    // Writes the document and starts a shim; what it reported on its descriptor.
    std::string start() {
        const auto bytes = wire::shim::encode(spec);
        std::ofstream(run / layout::spec_file, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return start_again();
    }
    std::string start_again() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::dup2(ends[1], layout::report_descriptor);
            const auto shim = program("gk-shim");
            ::execl(shim.c_str(), shim.c_str(), "--dir", run.c_str(), static_cast<char*>(nullptr));
            ::_exit(127);
        }
        ::close(ends[1]);
        std::string report;
        char bytes[512];
        for (ssize_t count = 0; readable(ends[0]) && (count = ::read(ends[0], bytes, sizeof bytes)) > 0;)
            report.append(bytes, static_cast<std::size_t>(count));
        ::close(ends[0]);
        if (report == "executed\n") shim_ = pid;
        else ::waitpid(pid, nullptr, 0);
        return report;
    }
    // The shim's exit code.
    int wait_for_shim() {
        if (!ended_within(patience_ms)) return -1;
        int status = 0;
        ::waitpid(std::exchange(shim_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    pid_t shim() const { return shim_; }

    std::string all_logs() const {
        std::vector<fs::path> files(fs::directory_iterator(log), {});
        std::ranges::sort(files);
        std::string text;
        for (const auto& file : files) text += content(file);
        return text;
    }
    wire::shim::Exit exit_file() const {
        const auto bytes = content(run / layout::exit_file);
        const auto exit = wire::shim::decode_exit(as_byte_span(bytes));
        if (!exit) ADD_FAILURE() << "no exit file that can be read";
        return exit.value_or(wire::shim::Exit{});
    }

    test::TemporaryDirectory directory;
    const fs::path& root = directory.path();
    const fs::path run = root / layout::run_folder;
    const fs::path log = root / layout::log_folder;
    const fs::path world = root / "world";
    wire::shim::Spec spec;

private:
    bool ended_within(int ms) const {
        const int process = static_cast<int>(::syscall(SYS_pidfd_open, shim_, 0));
        pollfd ended{.fd = process, .events = POLLIN, .revents = 0};
        const bool good = ::poll(&ended, 1, ms) == 1;
        ::close(process);
        return good;
    }
    void kill_tree() const {
        const auto children = content(fmt::format("/proc/{0}/task/{0}/children", shim_));
        ::kill(shim_, SIGKILL);
        for (std::size_t at = 0; at < children.size(); at = children.find(' ', at) + 1) ::kill(std::atoi(children.c_str() + at), SIGKILL);
    }
    pid_t shim_ = 0;
};

}  // namespace gk::shim_test
