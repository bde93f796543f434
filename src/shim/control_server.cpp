#include "shim/control_server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fmt/format.h>

#include "base/silence.hpp"
#include "wire/shim/layout.hpp"
#include "wire/shim/pod.hpp"

namespace gk::shim {

namespace {
constexpr std::size_t clients_max = 16;
constexpr std::size_t strangers_max = 32;
constexpr int backlog = 256;              // What does not fit is tried again by its client only after a second.
constexpr int connections_per_turn = 32;
constexpr Milliseconds proof_time{5'000};
constexpr Milliseconds growth_pause{100};
constexpr std::size_t out_bytes_max = 4 * wire::shim::frame_size_max;

void append(std::vector<std::byte>& out, const std::vector<std::byte>& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// Without IPv6 in the kernel, or in the pod, IPv4 alone.
Descriptor bound_to(std::uint16_t port) {
    const int on = 1, off = 0;
    Descriptor six(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in6 any_six{};
    any_six.sin6_family = AF_INET6;
    any_six.sin6_port = htons(port);
    if (six) {
        ::setsockopt(six.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        ::setsockopt(six.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        if (::bind(six.get(), reinterpret_cast<const sockaddr*>(&any_six), sizeof any_six) == 0) return six;
    }
    Descriptor four(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in any_four{};
    any_four.sin_family = AF_INET;
    any_four.sin_port = htons(port);
    ::setsockopt(four.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(four.get(), reinterpret_cast<const sockaddr*>(&any_four), sizeof any_four) != 0) return {};
    return four;
}
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
    Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!listener) return std::unexpected(system_error("the control socket"));
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    if (::bind(listener.get(), name, sizeof address) != 0 || ::chmod(path.c_str(), 0660) != 0 || ::listen(listener.get(), clients_max) != 0) {
        return std::unexpected(system_error("the control socket in the run folder"));
    }
    begin_listening(std::move(listener));
    return Success{};
}

ShimResult<std::uint16_t> ControlServer::listen(std::uint16_t port, const noise::Key& key) {
    Descriptor listener = bound_to(port);
    if (!listener || ::listen(listener.get(), backlog) != 0) return std::unexpected(system_error(fmt::format("listening on port {}", port)));
    sockaddr_in6 name{};
    socklen_t size = sizeof name;
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &size);
    key_ = key;
    begin_listening(std::move(listener));
    return ntohs(name.sin6_port);  // At the same place in both families.
}

void ControlServer::begin_listening(Descriptor listener) {
    listener_ = std::move(listener);
    loop_.watch(listener_.get(), EPOLLIN, [this](auto) {
        for (int i = 0; i < connections_per_turn && accept_one(); ++i) {
        }
    });
}

// False when nobody waits.
bool ControlServer::accept_one() {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) return false;
    if (key_) make_room_for_a_stranger();
    else if (clients_.size() == clients_max) return true;
    admit(std::move(socket));
    return true;
}

void ControlServer::admit(Descriptor socket) {
    const auto id = ++last_id_;
    loop_.watch(socket.get(), EPOLLIN, [this, id](auto events) { on_event(id, events); });
    auto& client = clients_[id];
    client.socket = std::move(socket);
    if (!key_) return;
    notice_silence(client.socket.get());
    client.seal = noise::Session::server(*key_, wire::shim::pod_purpose);
    client.time_to_prove = std::make_unique<Timer>(loop_);
    client.time_to_prove->start(proof_time, [this, id] { drop(id); });
}

void ControlServer::make_room_for_a_stranger() {
    const auto is_stranger = [](const auto& known) { return known.second.is_stranger(); };
    if (static_cast<std::size_t>(std::ranges::count_if(clients_, is_stranger)) < strangers_max) return;
    drop(std::ranges::find_if(clients_, is_stranger)->first);
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
    return count > 0 && unseal(client, ByteSpan(bytes).first(static_cast<std::size_t>(count)));
}

// False when it does not hold the key, or somebody meddles.
bool ControlServer::unseal(Client& client, ByteSpan bytes) {
    if (!client.seal) {
        client.in.insert(client.in.end(), bytes.begin(), bytes.end());
        return true;
    }
    if (!client.seal->feed(bytes)) return false;
    append(client.out, client.seal->take_output());
    append(client.in, client.seal->take_plain());
    if (!client.is_stranger() || !client.seal->is_proved()) return true;
    const auto known = std::ranges::count_if(clients_, [](const auto& other) { return !other.second.is_stranger(); });
    if (static_cast<std::size_t>(known) >= clients_max) return false;
    client.time_to_prove.reset();
    return true;
}

void ControlServer::put(Client& client, const std::vector<std::byte>& frame) {
    if (!client.seal) return append(client.out, frame);
    client.seal->send(frame);
    append(client.out, client.seal->take_output());
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
    put(found->second, wire::shim::encode(answer));
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

void ControlServer::follow_log(ClientId id) {
    const auto found = clients_.find(id);
    if (found != clients_.end()) found->second.follows_log = true;
}

// A game that floods its log does not flood those who follow it.
void ControlServer::log_grown() {
    const auto follows = [](const auto& known) { return known.second.follows_log; };
    if (growth_due_ || std::ranges::none_of(clients_, follows)) return;
    growth_due_ = true;
    growth_.start(growth_pause, [this, follows] {
        growth_due_ = false;
        std::vector<ClientId> ids;
        for (auto& known : clients_) {
            known.second.status_due = known.second.status_due || follows(known);
            if (follows(known)) ids.push_back(known.first);
        }
        for (const auto id : ids) settle(id);
    });
}

ControlServer::Connection ControlServer::give_away(ClientId id) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return {};
    auto& client = found->second;
    loop_.forget(client.socket.get());
    Connection connection{std::move(client.socket), std::move(client.seal), std::move(client.in), std::move(client.out)};
    clients_.erase(found);
    return connection;
}

void ControlServer::refill(Client& client) {
    if (!client.status_due) return;
    client.status_due = false;
    put(client, wire::shim::encode(handler_.status()));
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
