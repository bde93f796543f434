#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>

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
// A socket that sends to and hears one peer only.
Result<Descriptor, std::string> connect_datagrams(const Endpoint& peer);
Result<Descriptor, std::string> listen_streams(const Endpoint& at);
// On its way; writable when it has arrived or failed, which SO_ERROR tells.
Result<Descriptor, std::string> connect_stream(const Endpoint& peer);
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
