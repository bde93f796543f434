#include "tls/context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "tls/failure.hpp"

namespace gk::tls {
namespace {

template <auto free_function>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        free_function(object);
    }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

// Reads in place: `pem` must outlive it.
Bio reader(const std::string& pem) { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// The end of the certificates in a text is a note in OpenSSL's queue, not a failure.
Certificate next_certificate(BIO* from) {
    Certificate found(PEM_read_bio_X509(from, nullptr, nullptr, nullptr));
    ERR_clear_error();
    return found;
}

Result<Success, std::string> take_identity(SSL_CTX* context, const Identity& identity) {
    const auto certificates = reader(identity.certificates);
    const auto own = next_certificate(certificates.get());
    if (!own) return std::unexpected("the certificate is no PEM certificate");
    if (SSL_CTX_use_certificate(context, own.get()) != 1) return std::unexpected(failure_text("the certificate cannot be used"));
    while (auto issuer = next_certificate(certificates.get())) {
        if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) return std::unexpected(failure_text("the certificate's chain cannot be used"));
    }
    const auto text = reader(identity.key.reveal());
    // Without a callback OpenSSL would ask on the terminal for the password of an encrypted key.
    static constexpr auto no_password = [](char*, int, int, void*) { return 0; };
    const Key key(PEM_read_bio_PrivateKey(text.get(), nullptr, no_password, nullptr));
    if (!key) return std::unexpected(failure_text("the private key is no PEM key without a password"));
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) return std::unexpected(failure_text("the private key does not belong to the certificate"));
    return Success{};
}

Result<Success, std::string> trust(SSL_CTX* context, const std::string& authorities) {
    const auto text = reader(authorities);
    int count = 0;
    while (auto authority = next_certificate(text.get())) {
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1)
            return std::unexpected(failure_text("an authority cannot be used"));
        ++count;
    }
    if (count == 0) return std::unexpected("the authorities hold no PEM certificate");
    return Success{};
}

Result<std::shared_ptr<SSL_CTX>, std::string> make(const SSL_METHOD* method) {
    ERR_clear_error();
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) return std::unexpected(failure_text("OpenSSL cannot be used"));
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    return context;
}

}  // namespace

Result<Context, std::string> Context::for_client(const ClientTrust& wanted, const Identity& identity) {
    TRY(context, make(TLS_client_method()));
    if (wanted.authorities.empty()) {
        if (SSL_CTX_set_default_verify_paths(context.get()) != 1)
            return std::unexpected(failure_text("the authorities of this machine cannot be read"));
    } else {
        TRY_OK(trust(context.get(), wanted.authorities));
    }
    SSL_CTX_set_verify(context.get(), wanted.trust_anybody ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
    if (!identity.certificates.empty() || !identity.key.empty()) TRY_OK(take_identity(context.get(), identity));
    return Context(std::move(context), false);
}

Result<Context, std::string> Context::for_server(const Identity& identity, const std::string& client_authorities) {
    TRY(context, make(TLS_server_method()));
    TRY_OK(take_identity(context.get(), identity));
    if (!client_authorities.empty()) {
        TRY_OK(trust(context.get(), client_authorities));
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    return Context(std::move(context), true);
}

}  // namespace gk::tls
