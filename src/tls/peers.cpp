#include "tls/peers.hpp"

#include <arpa/inet.h>
#include <array>
#include <memory>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tls/failure.hpp"

namespace gk::tls {
namespace {

struct FreeNames {
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
struct FreeBio {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};

std::string text_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_of(const ASN1_STRING* octets) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool is_v6 = ASN1_STRING_length(octets) == 16;
    if (!is_v6 && ASN1_STRING_length(octets) != 4) return {};
    const auto* made = ::inet_ntop(is_v6 ? AF_INET6 : AF_INET, ASN1_STRING_get0_data(octets), text.data(), text.size());
    return made != nullptr ? std::string(made) : std::string();
}

// The first DNS name or address, which is what clients call; empty: it has none.
std::string name_in(X509* certificate) {
    const std::unique_ptr<GENERAL_NAMES, FreeNames> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const auto* entry = sk_GENERAL_NAME_value(names.get(), i);
        if (entry->type == GEN_IPADD) return address_of(entry->d.iPAddress);
        if (entry->type != GEN_DNS) continue;
        auto name = text_of(entry->d.dNSName);
        // For every name of a wildcard its certificate is good.
        if (name.starts_with("*.")) name.replace(0, 1, "gamekeeper");
        return name;
    }
    return {};
}

std::string pem_of(X509* own, STACK_OF(X509) * chain) {
    const std::unique_ptr<BIO, FreeBio> out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), own);
    for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) PEM_write_bio_X509(out.get(), sk_X509_value(chain, i));
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace

Result<Peers, std::string> peers_of(const Context& server) {
    auto* own = SSL_CTX_get0_certificate(server.get());
    if (own == nullptr) return std::unexpected("there is no certificate");
    auto name = name_in(own);
    if (name.empty())
        return std::unexpected("the certificate names no host: it has neither a DNS name nor an address among its subject alternative names");
    STACK_OF(X509)* chain = nullptr;
    // A macro of OpenSSL that hands the address on as void*.
    SSL_CTX_get0_chain_certs(server.get(), static_cast<void*>(&chain));
    TRY(context, Context::for_client({.authorities = pem_of(own, chain)}));
    if (SSL_CTX_set_default_verify_paths(context.get()) != 1) return std::unexpected(failure_text("the authorities of this machine cannot be read"));
    // A certificate that we know is enough: it need not be an authority that has signed itself.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
    return Peers{.context = std::move(context), .name = std::move(name)};
}

}  // namespace gk::tls
