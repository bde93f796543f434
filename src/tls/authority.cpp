#include "tls/authority.hpp"

#include <arpa/inet.h>
#include <array>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/assert.hpp"

namespace gk::tls {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key new_key() { return Key(EVP_EC_gen("P-256"), EVP_PKEY_free); }

template <class Write>
std::string as_pem(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    ASSERT(write(out.get()) == 1, "PEM can be written to memory");
    std::string text(BIO_ctrl_pending(out.get()), '\0');
    BIO_read(out.get(), text.data(), static_cast<int>(text.size()));
    return text;
}

std::string pem_of(X509* certificate) {
    return as_pem([certificate](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    ASSERT(extension != nullptr, "the extension is well formed");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

// Nobody who has two certificates of one issuer takes them for one.
void number(X509* certificate) {
    constexpr std::size_t bits = 127;
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> chosen(BN_new(), BN_free);
    ASSERT(BN_rand(chosen.get(), bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1, "there is randomness");
    BN_to_ASN1_INTEGER(chosen.get(), X509_get_serialNumber(certificate));
}

Certificate new_certificate(const std::string& name, EVP_PKEY* key, std::chrono::hours lasts) {
    constexpr std::chrono::seconds early = std::chrono::hours(1), long_ago = std::chrono::hours(100);
    Certificate made(X509_new(), X509_free);
    X509_set_version(made.get(), X509_VERSION_3);
    number(made.get());
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -(lasts.count() < 0 ? long_ago : early).count());
    X509_gmtime_adj(X509_getm_notAfter(made.get()), std::chrono::seconds(lasts).count());
    X509_set_pubkey(made.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                               0);
    return made;
}

}  // namespace

struct Authority::Keys {
    Keys(const std::string& name, std::chrono::hours lasts) : certificate(new_certificate(name, key.get(), lasts)) {}
    Key key = new_key();
    Certificate certificate;
};

Authority::Authority(const std::string& name, std::chrono::hours lasts) : keys_(std::make_unique<Keys>(name, lasts)) {
    auto* own = keys_->certificate.get();
    X509_set_issuer_name(own, X509_get_subject_name(own));
    extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
    extend(own, own, NID_subject_key_identifier, "hash");
    X509_sign(own, keys_->key.get(), EVP_sha256());
}

Authority::~Authority() = default;

std::string Authority::certificate() const { return pem_of(keys_->certificate.get()); }

Identity Authority::identity(const std::string& name, std::chrono::hours lasts) const {
    const auto key = new_key();
    const auto made = new_certificate(name, key.get(), lasts);
    auto* issuer = keys_->certificate.get();
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
    std::array<unsigned char, sizeof(in6_addr)> binary{};
    const bool is_address = ::inet_pton(AF_INET, name.c_str(), binary.data()) == 1 || ::inet_pton(AF_INET6, name.c_str(), binary.data()) == 1;
    extend(made.get(), issuer, NID_subject_alt_name, fmt::format("{}:{}", is_address ? "IP" : "DNS", name));
    X509_sign(made.get(), keys_->key.get(), EVP_sha256());
    auto key_text = as_pem([&key](BIO* out) { return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    return {.certificates = pem_of(made.get()), .key = Secret(std::move(key_text))};
}

}  // namespace gk::tls
