#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

struct ssl_ctx_st;

namespace gk::tls {

// A certificate chain, our own first, and its private key; both PEM. Either both or neither.
struct Identity {
    std::string certificates;
    Secret key;
};

struct ClientTrust {
    std::string authorities;  // PEM; empty: those that this machine trusts.
    bool trust_anybody = false;  // Skips the check of the server's certificate; for a person who asked for exactly that.
};

// What connections of one kind share: keys, whom to trust, protocol rules (TLS 1.2 and later). Cheap to copy; immutable.
class Context {
public:
    // The error is a sentence for people; it never contains key material.
    static Result<Context, std::string> for_client(const ClientTrust& trust, const Identity& identity = {});
    // With `client_authorities` (PEM) every client must show a certificate that one of them signed.
    static Result<Context, std::string> for_server(const Identity& identity, const std::string& client_authorities = {});

    ssl_ctx_st* get() const { return context_.get(); }
    bool is_server() const { return is_server_; }

private:
    Context(std::shared_ptr<ssl_ctx_st> context, bool is_server) : context_(std::move(context)), is_server_(is_server) {}

    std::shared_ptr<ssl_ctx_st> context_;
    bool is_server_ = false;
};

}  // namespace gk::tls
