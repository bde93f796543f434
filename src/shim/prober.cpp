#include "shim/prober.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <utility>

#include "base/assert.hpp"
#include "wire/probe/minetest.hpp"

namespace gk::shim {

namespace {
constexpr Milliseconds patience{1000};
namespace minetest = wire::probe::minetest;
namespace teeworlds = wire::probe::teeworlds;
using wire::shim::Query;

int connect_ipv4(int fd, const wire::shim::Target& target, sockaddr_in& out) {
    out.sin_family = AF_INET;
    out.sin_port = htons(std::to_underlying(target.port));
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&out), sizeof out);
}

int connect_ipv6(int fd, const wire::shim::Target& target, sockaddr_in6& out) {
    out.sin6_family = AF_INET6;
    out.sin6_port = htons(std::to_underlying(target.port));
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&out), sizeof out);
}
}  // namespace

Descriptor connect_to(const wire::shim::Target& target, int type) {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    const bool is_v4 = ::inet_pton(AF_INET, target.address.c_str(), &v4.sin_addr) == 1;
    if (!is_v4 && ::inet_pton(AF_INET6, target.address.c_str(), &v6.sin6_addr) != 1) {
        errno = EINVAL;
        return {};
    }
    Descriptor socket(::socket(is_v4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return {};
    const int code = is_v4 ? connect_ipv4(socket.get(), target, v4) : connect_ipv6(socket.get(), target, v6);
    if (code != 0 && errno != EINPROGRESS) return {};
    return socket;
}

Prober::Prober(EventLoop& loop, wire::shim::Target target) : loop_(loop), target_(std::move(target)), deadline_(loop) {}

void Prober::ask(Done done) {
    ASSERT(!is_busy(), "one question at a time");
    done_ = std::move(done);
    socket_ = connect_to(target_, target_.query == Query::tcp_connect ? SOCK_STREAM : SOCK_DGRAM);
    deadline_.start(socket_ ? patience : Milliseconds(0), [this] { finish(std::nullopt); });
    if (!socket_) return;
    loop_.watch(socket_.get(), target_.query == Query::tcp_connect ? EPOLLOUT : EPOLLIN, [this](auto events) { on_event(events); });
    begin();
}

void Prober::begin() {
    if (target_.query == Query::minetest) send(minetest::connect_packet());
    if (target_.query == Query::teeworlds) {
        ::getrandom(own_token_.data(), own_token_.size(), 0);
        send(teeworlds::token_request(own_token_));
    }
}

void Prober::on_event(std::uint32_t events) {
    if (target_.query == Query::tcp_connect) {
        const bool connected = (events & (EPOLLERR | EPOLLHUP)) == 0;
        return finish(connected ? std::optional(ProbeAnswer{}) : std::nullopt);
    }
    std::array<std::byte, 2048> datagram;
    const auto size = ::recv(socket_.get(), datagram.data(), datagram.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size < 0) return finish(std::nullopt);  // Refused: nobody listens there.
    on_datagram(ByteSpan(datagram).first(static_cast<std::size_t>(size)));
}

void Prober::on_datagram(ByteSpan datagram) {
    if (target_.query == Query::minetest) on_minetest(datagram);
    if (target_.query == Query::teeworlds) on_teeworlds(datagram);
}

void Prober::on_minetest(ByteSpan datagram) {
    const auto peer_id = minetest::parse_peer_id(datagram);
    if (!peer_id) return;
    send(minetest::goodbye_packet(*peer_id));
    finish(ProbeAnswer{});
}

void Prober::on_teeworlds(ByteSpan datagram) {
    if (const auto token = teeworlds::parse_token(datagram, own_token_)) return send(teeworlds::info_request(*token, own_token_));
    if (auto info = teeworlds::parse_info(datagram, own_token_)) {
        finish(ProbeAnswer{.online = info->clients, .players_max = info->clients_max, .names = std::move(info->names)});
    }
}

void Prober::send(ByteSpan datagram) {
    // A failed send shows as a missing answer.
    ::send(socket_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
}

void Prober::end() {
    deadline_.stop();
    if (socket_) loop_.forget(socket_.get());
    socket_.reset();
}

void Prober::finish(std::optional<ProbeAnswer> answer) {
    end();
    std::exchange(done_, nullptr)(std::move(answer));
}

}  // namespace gk::shim
