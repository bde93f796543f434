#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"

struct evp_md_ctx_st;

namespace gk::tls {

enum class Hash : std::uint8_t { sha256, sha512 };

// The hash of bytes that come in pieces.
class HashStream {
public:
    explicit HashStream(Hash hash);
    HashStream(HashStream&&) noexcept = default;
    HashStream& operator=(HashStream&&) noexcept = default;
    ~HashStream() = default;

    HashStream& add(ByteSpan bytes);
    // 32 or 64 bytes. Ends the stream: add() and finish() are not called again.
    std::vector<std::byte> finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

using Sha256 = std::array<std::byte, 32>;

// The same for the hash that is used nearly everywhere.
class Sha256Stream {
public:
    Sha256Stream& add(ByteSpan bytes);
    Sha256 finish();

private:
    HashStream stream_{Hash::sha256};
};

Sha256 sha256(ByteSpan bytes);
// RFC 2104.
Sha256 hmac_sha256(ByteSpan key, ByteSpan text);
// Lower-case hexadecimal digits, two for each byte.
std::string hex(ByteSpan bytes);
// RFC 4648, with padding.
std::string base64(ByteSpan bytes);
// Takes the same time wherever the first difference is, so that secrets cannot be guessed byte by byte. Different lengths are unequal at once.
bool equal_in_constant_time(ByteSpan a, ByteSpan b);

}  // namespace gk::tls
