#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "wire/dns/message.hpp"

// What an authoritative server answers. RFC 1035 4, RFC 2782 (SRV), RFC 2308 (what is not there), RFC 6891 (EDNS).
namespace gk::wire::dns {

struct NameServer {
    std::string name;
};
struct StartOfAuthority {
    std::string primary;  // The name of a server.
    std::string contact;  // "hostmaster.example.org" for hostmaster@example.org.
    std::uint32_t serial = 0;
    std::uint32_t refresh = 0, retry = 0, expire = 0, minimum = 0;  // Seconds.
};
struct Service {
    std::uint16_t priority = 0, weight = 0, port = 0;
    std::string target;
};
using AddressV4 = std::array<std::uint8_t, 4>;
using AddressV6 = std::array<std::uint8_t, 16>;
struct Record {
    std::string name;
    std::uint32_t ttl = 0;  // Seconds.
    std::variant<AddressV4, AddressV6, NameServer, StartOfAuthority, Service> data;
};

struct Reply {
    Code code = Code::ok;
    bool is_authoritative = false;
    std::vector<Record> answers{};
    std::vector<Record> authorities{};
};

// The message. One that would be larger than `size_max` becomes one that says only that it was cut (TC), and so does `cut`: the asker then comes by
// TCP. That one is never larger than the message that asked, but for EDNS's own record of 11 bytes, which only askers get who sent one.
std::vector<std::byte> message_of(const Query& query, const Reply& reply, std::size_t size_max);
std::vector<std::byte> cut_message_of(const Query& query);

}  // namespace gk::wire::dns
