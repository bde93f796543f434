#pragma once

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/signal.hpp"
#include "base/descriptor.hpp"
#include "net/shim/remote.hpp"
#include "tests/support/temporary_directory.hpp"
#include "wire/shim/layout.hpp"

// Runs the real gk-shim as a pod does, and talks to it with the control plane's own client.
namespace gk::pod_test {

namespace fs = std::filesystem;
namespace layout = wire::shim::layout;
using net::shim::LinkPtr;
using wire::shim::Op;
using wire::shim::Phase;

inline constexpr int patience_ms = 20'000;  // Until a test is given up; never waited for when all is well.
inline constexpr Milliseconds patience{10'000};

inline std::string program(const std::string& name) { return std::string(GK_BINARY_DIR) + "/bin/" + name; }

inline void put(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

inline std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline bool readable(int fd) {
    pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&waited, 1, patience_ms) == 1;
}

// The folders of one pod, which outlive its containers, and its container, when it was started.
class PodRun {
public:
    PodRun() {
        for (const auto& folder : {volume, run, cgroup}) fs::create_directory(folder);
        key.fill(std::byte{7});
        put(key_file, as_text(key));
        put(cgroup / "cgroup.controllers", "memory\n");
        put_memory_kills(0);
    }
    ~PodRun() {
        if (shim_ > 0) {
            ::kill(shim_, SIGTERM);
            if (wait_for_end() < 0) kill_everything();
        }
    }
    PodRun(const PodRun&) = delete;
    PodRun& operator=(const PodRun&) = delete;

    void put_memory_kills(int count) const { put(cgroup / "memory.events", "oom 3\noom_kill " + std::to_string(count) + "\n"); }

    // False when it ended instead.
    bool start() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return false;
        shim_ = ::fork();
        if (shim_ == 0) {
            ::dup2(ends[1], 1);
            const auto path = program("gk-shim");
            ::execl(path.c_str(), path.c_str(), "--pod", "--volume", volume.c_str(), "--run", run.c_str(), "--key", key_file.c_str(), "--listen", "0",
                    "--cgroup", cgroup.c_str(), static_cast<char*>(nullptr));
            ::_exit(127);
        }
        ::close(ends[1]);
        output_.reset(ends[0]);
        const auto said = first_line();
        const auto number = said.rfind(' ');
        if (number == std::string::npos) return ::waitpid(std::exchange(shim_, 0), nullptr, 0), false;
        port = Port{static_cast<std::uint16_t>(std::stoi(said.substr(number + 1)))};
        return true;
    }
    // As the kernel does with a container whose first process is gone: nothing is left.
    void kill_everything() {
        const auto children = content(fmt::format("/proc/{0}/task/{0}/children", shim_));
        ::kill(shim_, SIGKILL);
        ::waitpid(std::exchange(shim_, 0), nullptr, 0);
        for (std::size_t at = 0; at < children.size(); at = children.find(' ', at) + 1) ::kill(std::atoi(children.c_str() + at), SIGKILL);
    }
    void terminate() const { ::kill(shim_, SIGTERM); }
    // The exit code; -1 when it does not end.
    int wait_for_end() {
        const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, shim_, 0)));
        if (!readable(process.get())) return -1;
        int status = 0;
        ::waitpid(std::exchange(shim_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    pid_t shim() const { return shim_; }
    net::shim::RemoteShim remote() const { return {.address = "127.0.0.1", .port = port, .key = key}; }

    wire::shim::Spec toy(std::vector<std::string> arguments = {}) const {
        wire::shim::Spec spec;
        spec.epoch = Epoch{1};
        spec.name = "default/toy";
        spec.program.argv = {program("gk-toy-game")};
        spec.program.argv.insert(spec.program.argv.end(), arguments.begin(), arguments.end());
        spec.program.env = {{"PATH", "/usr/bin:/bin"}};
        spec.program.working_directory = (volume / "data").string();
        spec.ready.log_pattern = "^ready$";
        spec.console.kind = wire::shim::Console::Kind::input;
        spec.stop = {{.kind = wire::shim::Rung::Kind::signal, .command = {}, .signal = SIGTERM, .wait = Milliseconds(10'000)}};
        return spec;
    }

    test::TemporaryDirectory directory;
    const fs::path volume = directory.path() / "volume";
    const fs::path run = directory.path() / "run";
    const fs::path cgroup = directory.path() / "cgroup";
    const fs::path key_file = directory.path() / "key";
    noise::Key key{};
    Port port{};

private:
    std::string first_line() const {
        std::string said;
        char byte = 0;
        while (readable(output_.get()) && ::read(output_.get(), &byte, 1) == 1 && byte != '\n') said += byte;
        return said;
    }
    Descriptor output_;  // Kept open: what the shim prints must not end it.
    pid_t shim_ = 0;
};

// A control plane.
class Plane {
public:
    explicit Plane(const PodRun& pod, Epoch epoch = Epoch{1}) : pod_(pod), epoch_(epoch) {}
    ~Plane() {
        if (link_) link_->close();
    }

    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    Result<LinkPtr, RuntimeError> connect() {
        return wait(net::shim::Link::connect(clock_, pod_.remote(), epoch_, [this] { changed_.raise(); }));
    }
    Plane& link() {
        auto connected = connect();
        EXPECT_TRUE(connected) << (connected ? "" : connected.error().detail);
        if (connected) link_ = *connected;
        return *this;
    }
    const LinkPtr& operator*() const { return link_; }
    Result<std::string, RuntimeError> ask(Op op, std::string text = {}) { return wait(link_->ask(op, std::move(text), epoch_, patience)); }
    Result<Success, RuntimeError> run(wire::shim::Spec spec) {
        spec.epoch = epoch_;
        return wait(net::shim::run(link_, std::move(spec)));
    }
    wire::shim::Status until(std::function<bool(const wire::shim::Status&)> holds) {
        wait(wait_until(holds));
        return link_->status();
    }
    wire::shim::Status until(Phase phase) {
        return until([phase](const auto& status) { return status.phase == phase; });
    }
    // `epochs`: those that it is asked with, one after the other; the last one goes on.
    std::unique_ptr<net::shim::RemoteFiles> files(std::vector<Epoch> epochs = {}) {
        if (epochs.empty()) epochs = {epoch_};
        const auto find = [this, epochs, asked = std::size_t{0}](ServerUid) mutable { return place(epochs[std::min(asked++, epochs.size() - 1)]); };
        return std::make_unique<net::shim::RemoteFiles>(find, clock_);
    }

private:
    Files::Answer<net::shim::RemoteFiles::Place> place(Epoch epoch) { co_return net::shim::RemoteFiles::Place{pod_.remote(), epoch}; }
    Task<Success> wait_until(std::function<bool(const wire::shim::Status&)> holds) {
        while (link_->is_open() && !holds(link_->status())) co_await changed_.wait();
        EXPECT_TRUE(holds(link_->status())) << "the connection ended first";
        co_return Success{};
    }

    const PodRun& pod_;
    Epoch epoch_;
    boost::asio::io_context io_;
    async::ManualClock clock_;
    async::Signal changed_;
    LinkPtr link_;
};

// A connection of somebody who need not keep to anything.
class RawPeer {
public:
    explicit RawPeer(Port port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(std::to_underlying(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    void send(ByteSpan bytes) const { ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
    // Already; nothing is waited for.
    bool is_hung_up_on() const {
        char byte = 0;
        return ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT) == 0;
    }
    // Empty: it was hung up.
    std::vector<std::byte> receive() const {
        std::vector<std::byte> bytes(64 * 1024);
        const auto count = readable(socket_.get()) ? ::recv(socket_.get(), bytes.data(), bytes.size(), 0) : 0;
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
    }

private:
    Descriptor socket_;
};

// One who holds the key and says what a test wants.
class SealedPeer {
public:
    SealedPeer(Port port, const noise::Key& key) : peer_(port), seal_(noise::Session::client(key, wire::shim::pod_purpose)) {}
    void send(ByteSpan bytes) {
        seal_.send(bytes);
        peer_.send(seal_.take_output());
    }
    // At least so many bytes, or fewer when it was hung up.
    std::vector<std::byte> receive(std::size_t size) {
        std::vector<std::byte> all;
        while (all.size() < size) {
            const auto bytes = peer_.receive();
            if (bytes.empty() || !seal_.feed(bytes)) break;
            const auto plain = seal_.take_plain();
            all.insert(all.end(), plain.begin(), plain.end());
            if (const auto out = seal_.take_output(); !out.empty()) peer_.send(out);
        }
        return all;
    }

private:
    RawPeer peer_;
    noise::Session seal_;
};

}  // namespace gk::pod_test
