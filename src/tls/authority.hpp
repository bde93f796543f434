#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "tls/context.hpp"

namespace gk::tls {

// Signs certificates for those who are to trust each other and nobody else. Its key is made with it, is in no file, and goes with it.
class Authority {
public:
    // Issuers are found by their names: no two that one peer trusts may have the same.
    Authority(const std::string& name, std::chrono::hours lasts);
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;
    ~Authority();

    std::string certificate() const;  // PEM.
    // For a name or an address ("localhost", "127.0.0.1"). Valid from an hour ago, as clocks differ, until `lasts` from now; negative: it is over.
    Identity identity(const std::string& name, std::chrono::hours lasts) const;

private:
    struct Keys;
    std::unique_ptr<Keys> keys_;
};

}  // namespace gk::tls
