#pragma once

#include <string>

#include "tls/authority.hpp"

namespace gk::tls::test {

// An authority of another name each time.
class Authority : public tls::Authority {
public:
    Authority() : tls::Authority("test authority " + std::to_string(++last()), std::chrono::hours(240)) {}
    // Negative hours: it has expired.
    Identity identity(const std::string& name, int hours = 24) const { return tls::Authority::identity(name, std::chrono::hours(hours)); }

private:
    static int& last() {
        static int number = 0;
        return number;
    }
};

}  // namespace gk::tls::test
