#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "base/bytes.hpp"
#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "domain/wake/endpoint.hpp"

namespace gk::edge {

using wake::Endpoint;

// A hash of endpoints that nobody foresees who does not know its key (SipHash): strangers choose their addresses and ports.
class SecretHash {
public:
    using Key = std::array<unsigned char, 16>;
    SecretHash();  // With a key of its own.
    explicit SecretHash(const Key& key) : key_(key) {}
    const Key& key() const { return key_; }
    std::uint64_t of(const Endpoint& endpoint) const;
    std::uint64_t of(ByteSpan bytes) const;

private:
    Key key_;
};

// The form the kernel takes. Endpoints of IPv4 stay IPv4 unless the socket is one of IPv6, which hears both.
struct KernelAddress {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
KernelAddress kernel_address(const Endpoint& endpoint, int family);
Endpoint endpoint_of(const sockaddr_storage& storage);

// All sockets neither block nor outlive an exec. The error says what failed and why.
// A socket that others may share the port with (one per loop); "::" hears IPv4 too.
Result<Descriptor, std::string> listen_datagrams(const Endpoint& at);
// A socket that sends to and hears one peer only. With `as` the peer sees that address (and its port if it is free), or its stand-in where the peer
// is of IPv4; where this process may not do that (see may_speak_for_others), it sees this machine's.
Result<Descriptor, std::string> connect_datagrams(const Endpoint& peer, const std::optional<Endpoint>& as = std::nullopt);
Result<Descriptor, std::string> listen_streams(const Endpoint& at);
// On its way; writable when it has arrived or failed, which SO_ERROR tells.
Result<Descriptor, std::string> connect_stream(const Endpoint& peer, const std::optional<Endpoint>& as = std::nullopt);
// Whether this process may use addresses that are not this machine's (IP_TRANSPARENT; CAP_NET_RAW).
bool may_speak_for_others();
// At which address a datagram came, and from which an answer leaves: players hear nothing from another one than they asked. Where a socket listens
// at all addresses only the kernel knows.
struct Place {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo))> bytes;
};
void ask_for_places(int datagrams);
// Of a message that was received with room for a place; nothing where the socket was not asked for them.
std::optional<wake::Address> place_of(msghdr& message);
// Has the message leave from there. `room` lives until it is sent; `family` is that of the socket.
void leave_from(msghdr& message, Place& room, const wake::Address& address, int family);
// Of a call that has just failed: there is nothing, or no room, at the moment.
bool would_block();
// Small messages leave at once.
void send_at_once(int stream);
Endpoint local_endpoint(int fd);

}  // namespace gk::edge

template <>
struct std::hash<gk::wake::Endpoint> {
    // By a key of this process, so that nobody fills one bucket of a table.
    std::size_t operator()(const gk::wake::Endpoint& endpoint) const noexcept;
};
