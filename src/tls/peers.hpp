#pragma once

#include <string>

#include "base/result.hpp"
#include "tls/context.hpp"

namespace gk::tls {

// How servers that people reach under one name ask each other, at addresses that no certificate names.
struct Peers {
    Context context;   // For a client.
    std::string name;  // That the other's certificate must carry.
};

// Of the server with this context: a peer shows the same certificate, or another one with the first name in it, signed by one of its chain or by
// somebody whom this machine trusts. The error is a sentence.
Result<Peers, std::string> peers_of(const Context& server);

}  // namespace gk::tls
