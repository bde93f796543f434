#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "base/bytes.hpp"

struct evp_md_ctx_st;

namespace gk::tls {

using Sha256 = std::array<std::byte, 32>;

// The SHA-256 of bytes that come in pieces.
class Sha256Stream {
public:
    Sha256Stream();
    Sha256Stream(Sha256Stream&&) noexcept = default;
    Sha256Stream& operator=(Sha256Stream&&) noexcept = default;
    ~Sha256Stream() = default;

    Sha256Stream& add(ByteSpan bytes);
    // Ends the stream: add() and finish() are not called again.
    Sha256 finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

Sha256 sha256(ByteSpan bytes);
// Lower-case hexadecimal digits, two for each byte.
std::string hex(ByteSpan bytes);
// RFC 4648, with padding.
std::string base64(ByteSpan bytes);
// Takes the same time wherever the first difference is, so that secrets cannot be guessed byte by byte. Different lengths are unequal at once.
bool equal_in_constant_time(ByteSpan a, ByteSpan b);

}  // namespace gk::tls
