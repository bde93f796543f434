#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"

// What resolvers ask. RFC 1035 4, RFC 6891 (EDNS), RFC 9619 (one question).
namespace gk::wire::dns {

inline constexpr std::size_t name_size_max = 255;      // On the wire.
inline constexpr std::size_t plain_size_max = 512;     // Of an answer by UDP to who says nothing else.
inline constexpr std::size_t datagram_size_max = 1232;  // Of ours to who takes more: fits every path (the "DNS flag day" of 2020).

enum class Type : std::uint16_t { a = 1, ns = 2, soa = 6, aaaa = 28, srv = 33, opt = 41, ixfr = 251, axfr = 252, any = 255 };
enum class Class : std::uint16_t { in = 1, any = 255 };
enum class Code : std::uint16_t { ok = 0, format_error = 1, name_error = 3, not_implemented = 4, refused = 5, bad_version = 16 };

struct Query {
    std::uint16_t id = 0;
    std::uint8_t opcode = 0;
    bool recursion_desired = false;
    ByteSpan question{};    // As it was asked, with the case of its letters; within the message. Empty when it could not be read.
    std::string name{};     // In lower case, "castle.example.org"; empty for the root.
    Type type{};            // Any number.
    Class klass{};          // Any number.
    bool has_edns = false;  // Then the answer says so too.
    std::size_t size_max = plain_size_max;  // What the asker takes by UDP, at most `datagram_size_max`.
    Code trouble = Code::ok;  // Other than ok: all that may be answered.
};

// nullopt: nothing that may be answered at all, as it is none or is an answer itself.
std::optional<Query> parse_query(ByteSpan message);

// The name as labels, without compression; `name` was parsed or checked before: labels of 1 to 63 bytes.
void put_name(ByteWriter& out, std::string_view name);

}  // namespace gk::wire::dns
