#include "shim/file_services.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <fmt/format.h>

#include "shim/files/files_server.hpp"
#include "wire/files/protocol.hpp"

namespace gk::shim {

namespace {

namespace files = wire::files;

constexpr std::size_t services_max = 8;
constexpr time_t silence_max_s = 60;  // Until a client that neither asks nor takes is given up.
constexpr std::size_t part_size = 64 * 1024;

// The other end of one connection, in a process of its own: everything here may block.
class Service {
public:
    Service(ControlServer::Connection connection, const ConfinedFiles& world) : connection_(std::move(connection)), world_(world) {}

    void begin(const wire::shim::Answer& answer) {
        if (!send_all(connection_.out) || !say(wire::shim::encode(answer))) return;
        while (serve_one()) {
        }
    }

private:
    // False when the other side is gone or does not keep to the protocol.
    bool serve_one() {
        if (!await(files::length_size)) return false;
        const auto size = files::parse_length(ByteSpan(connection_.in).first(files::length_size));
        if (!size || !await(files::length_size + *size)) return false;
        const auto request = files::parse_request(ByteSpan(connection_.in).subspan(files::length_size, *size));
        if (!request) return false;
        connection_.in = {};  // It asks in turn: nothing can be behind it.
        return say(files::to_frame(reply_to(world_, *request)));
    }
    bool await(std::size_t size) {
        while (connection_.in.size() < size) {
            std::array<std::byte, 16 * 1024> bytes;
            const auto count = ::recv(connection_.socket.get(), bytes.data(), bytes.size(), 0);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0 || !connection_.seal->feed(ByteSpan(bytes).first(static_cast<std::size_t>(count)))) return false;
            const auto plain = connection_.seal->take_plain();
            connection_.in.insert(connection_.in.end(), plain.begin(), plain.end());
        }
        return true;
    }
    // In parts, so that a large file is not held a second time, sealed.
    bool say(ByteSpan bytes) {
        for (std::size_t at = 0; at < bytes.size(); at += part_size) {
            connection_.seal->send(bytes.subspan(at, std::min(part_size, bytes.size() - at)));
            if (!send_all(connection_.seal->take_output())) return false;
        }
        return true;
    }
    bool send_all(ByteSpan bytes) const {
        while (!bytes.empty()) {
            const auto sent = ::send(connection_.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) continue;
            if (sent < 0) return false;
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        }
        return true;
    }

    ControlServer::Connection connection_;
    const ConfinedFiles& world_;
};

void go_first_where_memory_is_short() {
    // The file is ours to write only while we may be looked into.
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    const Descriptor score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    [[maybe_unused]] const auto count = ::write(score.get(), "1000", 4);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

// In the child: nothing of the shim's is kept but this connection.
void prepare(ControlServer::Connection& connection) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "gk-shim files", 0, 0, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int socket = ::dup2(connection.socket.release(), 3);
    ::close_range(4, ~0U, 0);
    connection.socket.reset(socket);
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) & ~O_NONBLOCK);
    const timeval silence{.tv_sec = silence_max_s, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence);
    go_first_where_memory_is_short();
}

[[noreturn]] void run(ControlServer::Connection connection, const std::string& path, std::uint32_t id) {
    prepare(connection);
    const auto world = ConfinedFiles::open(path);
    if (world) Service(std::move(connection), *world).begin({.id = id, .outcome = wire::shim::Outcome::ok, .text = {}});
    ::_exit(world ? 0 : 1);
}

}  // namespace

ShimResult<Success> FileServices::serve(ControlServer& server, ControlServer::ClientId client, std::uint32_t id, Epoch epoch) {
    if (processes_.size() == services_max)
        return std::unexpected(ShimError{fmt::format("{} others work with files already; try again", services_max)});
    if (::access(world_.c_str(), R_OK | X_OK) != 0) return std::unexpected(system_error("the world " + world_));
    auto connection = server.give_away(client);
    const pid_t pid = ::fork();
    if (pid == 0) run(std::move(connection), world_, id);
    if (pid < 0) return std::unexpected(system_error("fork"));
    epochs_[pid] = epoch;
    processes_.insert(pid);
    return Success{};
}

void FileServices::on_child_ended(pid_t pid) {
    epochs_.erase(pid);
    processes_.erase(pid);
}

void FileServices::end_older_than(Epoch epoch) {
    for (const auto& [pid, allowed] : epochs_) {
        if (allowed < epoch) ::kill(pid, SIGKILL);
    }
}

}  // namespace gk::shim
