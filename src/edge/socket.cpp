#include "edge/socket.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fmt/format.h>
#include <sodium.h>

namespace gk::edge {

namespace {
// Packets are lost for want of room long before a core is busy (facts/edge.md, 4).
constexpr int public_buffer_bytes = 4 * 1024 * 1024;
constexpr int session_buffer_bytes = 256 * 1024;
constexpr int backlog = 1024;
constexpr std::string_view everywhere = "::";

std::unexpected<std::string> failed(const char* what, const Endpoint& at) {
    return std::unexpected(fmt::format("{} {}: {}", what, at.text(), std::strerror(errno)));
}

int family_of(const Endpoint& at) { return at.address.is_v4() ? AF_INET : AF_INET6; }

void set_option(int fd, int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof value); }

// Beyond the most that the system gives everybody where this process may (CAP_NET_ADMIN).
void set_buffer(int fd, int forced, int usual, int bytes) {
    if (::setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) != 0) set_option(fd, SOL_SOCKET, usual, bytes);
}

bool allow_any_source(int fd, int family) {
    const int on = 1;
    return family == AF_INET ? ::setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof on) == 0
                             : ::setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof on) == 0;
}

bool bind_to(int fd, const Endpoint& at, int family) {
    const auto address = kernel_address(at, family);
    return ::bind(fd, address.get(), address.size) == 0;
}

// Without right or address left it stays what it was: the player is relayed, and the peer sees this machine.
void speak_as(int fd, const Endpoint& peer, Endpoint as, bool keep_port) {
    const int family = family_of(peer);
    if (family == AF_INET && !as.address.is_v4()) as.address = wake::stand_in(as.address);
    if (!allow_any_source(fd, family)) return;
    if (keep_port && bind_to(fd, as, family)) return;
    as.port = 0;
    set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);  // Which one is free is known when the peer is.
    bind_to(fd, as, family);
}

void hear_both_families(int fd, const Endpoint& at) {
    if (family_of(at) == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, at.address.text() == everywhere ? 0 : 1);
}
}  // namespace

KernelAddress kernel_address(const Endpoint& endpoint, int family) {
    KernelAddress out;
    const auto& bytes = endpoint.address.bytes();
    if (family == AF_INET) {
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_port = htons(endpoint.port);
        std::memcpy(&four.sin_addr, bytes.data() + 12, 4);
        std::memcpy(&out.storage, &four, sizeof four);
        out.size = sizeof four;
        return out;
    }
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(endpoint.port);
    std::memcpy(&six.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&out.storage, &six, sizeof six);
    out.size = sizeof six;
    return out;
}

Endpoint endpoint_of(const sockaddr_storage& storage) {
    if (storage.ss_family == AF_INET) {
        sockaddr_in four;
        std::memcpy(&four, &storage, sizeof four);
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
        return {.address = wake::Address::v4(bytes), .port = ntohs(four.sin_port)};
    }
    sockaddr_in6 six;
    std::memcpy(&six, &storage, sizeof six);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return {.address = wake::Address::v6(bytes), .port = ntohs(six.sin6_port)};
}

Result<Descriptor, std::string> listen_datagrams(const Endpoint& at) {
    Descriptor out(::socket(family_of(at), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!out) return failed("cannot make a socket for", at);
    set_option(out.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    set_buffer(out.get(), SO_RCVBUFFORCE, SO_RCVBUF, public_buffer_bytes);
    set_buffer(out.get(), SO_SNDBUFFORCE, SO_SNDBUF, public_buffer_bytes);
    hear_both_families(out.get(), at);
    const auto address = kernel_address(at, family_of(at));
    if (::bind(out.get(), address.get(), address.size) != 0) return failed("cannot listen at", at);
    return out;
}

Result<Descriptor, std::string> connect_datagrams(const Endpoint& peer, const std::optional<Endpoint>& as) {
    Descriptor out(::socket(family_of(peer), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!out) return failed("cannot make a socket for", peer);
    set_option(out.get(), SOL_SOCKET, SO_RCVBUF, session_buffer_bytes);
    if (as) speak_as(out.get(), peer, *as, true);
    const auto address = kernel_address(peer, family_of(peer));
    if (::connect(out.get(), address.get(), address.size) != 0) return failed("cannot reach", peer);
    return out;
}

Result<Descriptor, std::string> listen_streams(const Endpoint& at) {
    Descriptor out(::socket(family_of(at), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!out) return failed("cannot make a socket for", at);
    set_option(out.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(out.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    hear_both_families(out.get(), at);
    const auto address = kernel_address(at, family_of(at));
    if (::bind(out.get(), address.get(), address.size) != 0 || ::listen(out.get(), backlog) != 0) return failed("cannot listen at", at);
    return out;
}

Result<Descriptor, std::string> connect_stream(const Endpoint& peer, const std::optional<Endpoint>& as) {
    Descriptor out(::socket(family_of(peer), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!out) return failed("cannot make a socket for", peer);
    send_at_once(out.get());
    if (as) speak_as(out.get(), peer, *as, false);
    const auto address = kernel_address(peer, family_of(peer));
    if (::connect(out.get(), address.get(), address.size) != 0 && errno != EINPROGRESS) return failed("cannot reach", peer);
    return out;
}

bool may_speak_for_others() {
    const Descriptor probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return probe && allow_any_source(probe.get(), AF_INET);
}

void ask_for_places(int datagrams) {
    set_option(datagrams, IPPROTO_IP, IP_PKTINFO, 1);
    set_option(datagrams, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

std::optional<wake::Address> place_of(msghdr& message) {
    for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            std::array<std::uint8_t, 4> bytes{};
            std::memcpy(bytes.data(), CMSG_DATA(part) + offsetof(in_pktinfo, ipi_addr), bytes.size());
            return wake::Address::v4(bytes);
        }
        if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            std::array<std::uint8_t, 16> bytes{};
            std::memcpy(bytes.data(), CMSG_DATA(part) + offsetof(in6_pktinfo, ipi6_addr), bytes.size());
            return wake::Address::v6(bytes);
        }
    }
    return std::nullopt;
}

// By which interface is for the kernel to say.
void leave_from(msghdr& message, Place& room, const wake::Address& address, int family) {
    room = {};
    const bool is_four = family == AF_INET;
    const auto size = is_four ? sizeof(in_pktinfo) : sizeof(in6_pktinfo);
    message.msg_control = room.bytes.data();
    message.msg_controllen = CMSG_SPACE(size);
    auto* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = is_four ? IPPROTO_IP : IPPROTO_IPV6;
    part->cmsg_type = is_four ? IP_PKTINFO : IPV6_PKTINFO;
    part->cmsg_len = CMSG_LEN(size);
    const auto& bytes = address.bytes();
    if (is_four) std::memcpy(CMSG_DATA(part) + offsetof(in_pktinfo, ipi_spec_dst), bytes.data() + 12, 4);
    else std::memcpy(CMSG_DATA(part) + offsetof(in6_pktinfo, ipi6_addr), bytes.data(), bytes.size());
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

void send_at_once(int stream) { set_option(stream, IPPROTO_TCP, TCP_NODELAY, 1); }

SecretHash::SecretHash() {
    static_assert(std::tuple_size_v<decltype(key_)> == crypto_shorthash_KEYBYTES && sizeof(std::uint64_t) == crypto_shorthash_BYTES);
    ::randombytes_buf(key_.data(), key_.size());
}

std::uint64_t SecretHash::of(const Endpoint& endpoint) const {
    std::array<unsigned char, 18> message{};
    std::ranges::copy(endpoint.address.bytes(), message.begin());
    message[16] = static_cast<unsigned char>(endpoint.port >> 8);
    message[17] = static_cast<unsigned char>(endpoint.port);
    return of(std::as_bytes(std::span(message)));
}

std::uint64_t SecretHash::of(ByteSpan bytes) const {
    std::array<unsigned char, crypto_shorthash_BYTES> hash{};
    ::crypto_shorthash(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), key_.data());
    return std::bit_cast<std::uint64_t>(hash);
}

Endpoint local_endpoint(int fd) {
    KernelAddress address;
    ::getsockname(fd, address.get(), &address.size);
    return endpoint_of(address.storage);
}

}  // namespace gk::edge

std::size_t std::hash<gk::wake::Endpoint>::operator()(const gk::wake::Endpoint& endpoint) const noexcept {
    static const gk::edge::SecretHash ours;
    return ours.of(endpoint);
}
