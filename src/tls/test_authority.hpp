#pragma once

#include <string>

#include "tls/context.hpp"

namespace gk::tls::test {

// An authority that a test makes for itself: its certificate, and identities that it signs for names and addresses ("localhost", "127.0.0.1").
class Authority {
public:
    Authority();
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;
    ~Authority();

    std::string certificate() const;  // PEM.
    // Valid from an hour ago until `hours` from now; negative: it has expired.
    Identity identity(const std::string& name, int hours = 24) const;

private:
    struct Keys;
    std::unique_ptr<Keys> keys_;
};

}  // namespace gk::tls::test
