#include "shim/conversation.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace gk::shim {
namespace {

constexpr time_t silence_max_s = 60;
constexpr std::size_t part_size = 64 * 1024;

void go_first_where_memory_is_short() {
    // The file is ours to write only while we may be looked into.
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    const Descriptor score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    [[maybe_unused]] const auto count = ::write(score.get(), "1000", 4);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace

Conversation::Conversation(ControlServer::Connection connection, const char* name) : connection_(std::move(connection)) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, name, 0, 0, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int socket = ::dup2(connection_.socket.release(), 3);
    ::close_range(4, ~0U, 0);
    connection_.socket.reset(socket);
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) & ~O_NONBLOCK);
    const timeval silence{.tv_sec = silence_max_s, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence);
    go_first_where_memory_is_short();
}

bool Conversation::begin(const wire::shim::Answer& answer) { return send_all(connection_.out) && say(wire::shim::encode(answer)); }

// In parts, so that a large file is not held a second time, sealed.
bool Conversation::say(ByteSpan bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += part_size) {
        connection_.seal->send(bytes.subspan(at, std::min(part_size, bytes.size() - at)));
        if (!send_all(connection_.seal->take_output())) return false;
    }
    return true;
}

bool Conversation::await(std::size_t size) {
    while (connection_.in.size() < size) {
        if (!hear()) return false;
    }
    return true;
}

bool Conversation::hear() {
    std::array<std::byte, 16 * 1024> bytes;
    ssize_t count = 0;
    do count = ::recv(connection_.socket.get(), bytes.data(), bytes.size(), 0);
    while (count < 0 && errno == EINTR);
    if (count <= 0 || !connection_.seal->feed(ByteSpan(bytes).first(static_cast<std::size_t>(count)))) return false;
    const auto plain = connection_.seal->take_plain();
    connection_.in.insert(connection_.in.end(), plain.begin(), plain.end());
    return true;
}

bool Conversation::send_all(ByteSpan bytes) const {
    while (!bytes.empty()) {
        const auto sent = ::send(connection_.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace gk::shim
