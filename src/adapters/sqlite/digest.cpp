#include "adapters/sqlite/digest.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/assert.hpp"

namespace gk::sqlite {

RowDigest& RowDigest::add(std::string_view column) {
    covered_ += std::to_string(column.size());
    covered_ += ':';
    covered_ += column;
    return *this;
}

std::string RowDigest::hex() const { return sha256_hex(covered_); }

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    const int done = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    ASSERT(done == 1 && size == digest.size(), "SHA-256 is part of every OpenSSL");
    std::string hex;
    hex.reserve(2 * digest.size());
    for (const auto byte : digest) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
    return hex;
}

}  // namespace gk::sqlite
