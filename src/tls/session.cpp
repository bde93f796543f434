#include "tls/session.hpp"

#include <arpa/inet.h>
#include <array>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/assert.hpp"
#include "tls/failure.hpp"

namespace gk::tls {
namespace {

bool is_address(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> binary{};
    return ::inet_pton(AF_INET, text.c_str(), binary.data()) == 1 || ::inet_pton(AF_INET6, text.c_str(), binary.data()) == 1;
}

}  // namespace

void Session::Free::operator()(ssl_st* session) const { SSL_free(session); }

Result<Session, std::string> Session::make(const Context& context) {
    ERR_clear_error();
    std::unique_ptr<ssl_st, Free> session(SSL_new(context.get()));
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    if (!session || in == nullptr || out == nullptr) {
        BIO_free(in);
        BIO_free(out);
        return std::unexpected(failure_text("OpenSSL cannot be used"));
    }
    SSL_set_bio(session.get(), in, out);
    return Session(std::move(session));
}

Result<Session, std::string> Session::client(const Context& context, const std::string& server) {
    TRY(made, make(context));
    auto* session = made.session_.get();
    SSL_set_connect_state(session);
    if (is_address(server)) {
        // Server name indication carries names only (RFC 6066, section 3).
        if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), server.c_str()) != 1)
            return std::unexpected(failure_text(fmt::format("'{}' is no address", server)));
        return std::move(made);
    }
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (server.empty() || SSL_set_tlsext_host_name(session, server.c_str()) != 1 || SSL_set1_host(session, server.c_str()) != 1)
        return std::unexpected(fmt::format("'{}' is no name of a server", server));
    return std::move(made);
}

Result<Session, std::string> Session::server(const Context& context) {
    TRY(made, make(context));
    SSL_set_accept_state(made.session_.get());
    return std::move(made);
}

void Session::feed(std::string_view encrypted) {
    const auto size = static_cast<int>(encrypted.size());
    if (size > 0) ASSERT(BIO_write(SSL_get_rbio(session_.get()), encrypted.data(), size) == size, "a buffer in memory takes everything");
}

std::string Session::take_output() {
    BIO* from = SSL_get_wbio(session_.get());
    std::string out(BIO_ctrl_pending(from), '\0');
    if (!out.empty()) BIO_read(from, out.data(), static_cast<int>(out.size()));
    return out;
}

Result<Session::State, std::string> Session::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(session_.get());
    if (result == 1) return State::done;
    if (SSL_get_error(session_.get(), result) == SSL_ERROR_WANT_READ) return State::wants_input;
    return std::unexpected(why("no secure connection"));
}

Result<Session::Read, std::string> Session::read(std::span<char> into) {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(session_.get(), into.data(), into.size(), &bytes);
    if (result == 1) return Read{State::done, bytes};
    switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ: return Read{State::wants_input};
    case SSL_ERROR_ZERO_RETURN: return Read{State::ended};
    default: return std::unexpected(why("the secure connection is broken"));
    }
}

Result<Success, std::string> Session::write(std::string_view plain) {
    if (plain.empty()) return Success{};
    ERR_clear_error();
    std::size_t bytes = 0;
    // The buffer for output grows as needed, so everything is taken at once.
    if (SSL_write_ex(session_.get(), plain.data(), plain.size(), &bytes) != 1 || bytes != plain.size())
        return std::unexpected(why("the secure connection is broken"));
    return Success{};
}

void Session::end() {
    SSL_shutdown(session_.get());
    ERR_clear_error();
}

// The reason that the check of a certificate gave says more than OpenSSL's own.
std::string Session::why(std::string_view what) const {
    const auto verdict = SSL_get_verify_result(session_.get());
    if (verdict == X509_V_OK) return failure_text(what);
    ERR_clear_error();
    return fmt::format("{}: the other side's certificate is not accepted: {}", what, X509_verify_cert_error_string(verdict));
}

}  // namespace gk::tls
