#include "tls/digest.hpp"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.hpp"

namespace gk::tls {

void HashStream::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

HashStream::HashStream(Hash hash) : context_(EVP_MD_CTX_new()) {
    // These calls fail only without memory or without an OpenSSL that knows the hash.
    const auto* algorithm = hash == Hash::sha256 ? EVP_sha256() : EVP_sha512();
    ASSERT(context_ && EVP_DigestInit_ex(context_.get(), algorithm, nullptr) == 1, "OpenSSL offers the hash");
}

HashStream& HashStream::add(ByteSpan bytes) {
    ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "OpenSSL hashes");
    return *this;
}

std::vector<std::byte> HashStream::finish() {
    std::vector<std::byte> digest(static_cast<std::size_t>(EVP_MD_CTX_get_size(context_.get())));
    ASSERT(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1, "OpenSSL hashes");
    return digest;
}

Sha256Stream& Sha256Stream::add(ByteSpan bytes) {
    stream_.add(bytes);
    return *this;
}

Sha256 Sha256Stream::finish() {
    Sha256 digest{};
    std::ranges::copy(stream_.finish(), digest.begin());
    return digest;
}

Sha256 sha256(ByteSpan bytes) { return Sha256Stream().add(bytes).finish(); }

Sha256 hmac_sha256(ByteSpan key, ByteSpan text) {
    Sha256 mac{};
    unsigned int size = mac.size();
    ASSERT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                reinterpret_cast<unsigned char*>(mac.data()), &size) != nullptr,
           "OpenSSL hashes");
    return mac;
}

std::string hex(ByteSpan bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        out += digits[std::to_integer<std::size_t>(byte >> 4)];
        out += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
    }
    return out;
}

std::string base64(ByteSpan bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero byte.
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()));
    out.pop_back();
    return out;
}

bool equal_in_constant_time(ByteSpan a, ByteSpan b) { return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace gk::tls
