#include "shim/control_server.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fmt/format.h>

#include "wire/shim/layout.hpp"

namespace gk::shim {

namespace {
constexpr std::size_t clients_max = 16;
constexpr std::size_t out_bytes_max = 4 * wire::shim::frame_size_max;

void append(std::vector<std::byte>& out, const std::vector<std::byte>& frame) { out.insert(out.end(), frame.begin(), frame.end()); }
}  // namespace

ControlServer::~ControlServer() {
    while (!clients_.empty()) drop(clients_.begin()->first);
    if (listener_) loop_.forget(listener_.get());
}

ShimResult<Success> ControlServer::listen(int folder) {
    // Run folders may have longer names than a socket address holds; through /proc any folder has a short one.
    const auto path = fmt::format("/proc/self/fd/{}/{}", folder, wire::shim::layout::socket_file);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    ::unlink(path.c_str());
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!listener_) return std::unexpected(system_error("the control socket"));
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(listener_.get(), name, sizeof address) != 0 || ::chmod(path.c_str(), 0660) != 0 || ::listen(listener_.get(), clients_max) != 0) {
        return std::unexpected(system_error("the control socket in the run folder"));
    }
    loop_.watch(listener_.get(), EPOLLIN, [this](auto) { on_connection(); });
    return Success{};
}

void ControlServer::on_connection() {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket || clients_.size() == clients_max) return;
    const auto id = ++last_id_;
    loop_.watch(socket.get(), EPOLLIN, [this, id](auto events) { on_event(id, events); });
    clients_[id].socket = std::move(socket);
}

void ControlServer::on_event(ClientId id, std::uint32_t events) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    if ((events & EPOLLIN) != 0 && !read_some(found->second)) {
        // Its last requests count even when it has hung up behind them.
        handle_frames(id);
        return drop(id);
    }
    if (!handle_frames(id)) return drop(id);
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return drop(id);
    settle(id);
}

// False when the client has gone.
bool ControlServer::read_some(Client& client) {
    std::array<std::byte, 4096> bytes;
    const auto count = ::recv(client.socket.get(), bytes.data(), bytes.size(), 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    client.in.insert(client.in.end(), bytes.begin(), bytes.begin() + count);
    return count > 0;
}

// False when the client does not speak the protocol. Handlers may answer, which finds clients by id: none holds a reference meanwhile.
bool ControlServer::handle_frames(ClientId id) {
    for (;;) {
        const auto found = clients_.find(id);
        if (found == clients_.end()) return true;
        auto framed = wire::shim::read_request(found->second.in);
        if (!framed) return false;
        if (!framed->message) return true;
        found->second.in.erase(found->second.in.begin(), found->second.in.begin() + static_cast<std::ptrdiff_t>(framed->size));
        handler_.on_request(id, std::move(*framed->message));
    }
}

void ControlServer::answer(ClientId id, wire::shim::Answer answer) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    refill(found->second);  // What has happened is told before what was asked is answered.
    append(found->second.out, wire::shim::encode(answer));
    settle(id);
}

void ControlServer::subscribe(ClientId id) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    found->second.subscribed = true;
    found->second.status_due = true;
}

void ControlServer::status_changed() {
    std::vector<ClientId> ids;
    for (auto& [id, client] : clients_) {
        client.status_due = client.status_due || client.subscribed;
        if (client.subscribed) ids.push_back(id);
    }
    for (const auto id : ids) settle(id);
}

void ControlServer::refill(Client& client) {
    if (!client.status_due) return;
    client.status_due = false;
    append(client.out, wire::shim::encode(handler_.status()));
}

// Sends what can be sent; a status that became due while the client was slow is the newest one when its turn comes.
void ControlServer::settle(ClientId id) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    auto& client = found->second;
    if (client.out.empty()) refill(client);
    if (!flush(client) || client.out.size() > out_bytes_max) return drop(id);
    if (client.out.empty() && client.status_due) {
        refill(client);
        if (!flush(client)) return drop(id);
    }
    loop_.change(client.socket.get(), client.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

// False when the client has gone.
bool ControlServer::flush(Client& client) {
    while (!client.out.empty()) {
        const auto count = ::send(client.socket.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno == EAGAIN;
        client.out.erase(client.out.begin(), client.out.begin() + count);
    }
    return true;
}

void ControlServer::drop(ClientId id) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    loop_.forget(found->second.socket.get());
    clients_.erase(found);
    handler_.on_gone(id);
}

}  // namespace gk::shim
