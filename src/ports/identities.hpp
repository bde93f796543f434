#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "ports/task.hpp"

namespace gk {

struct IdentityError {
    // unknown: the token is nobody's, or not any more. unavailable: whoever could tell does not answer; try again.
    enum class Kind : std::uint8_t { unknown, unavailable };
    Kind kind;
    std::string detail;
};

// Who somebody is by a token that we have not given out, as whoever did says.
class Identities {
public:
    virtual ~Identities() = default;
    enum class Role : std::uint8_t { none, reader, admin };
    struct Identity {
        std::string name;
        Role role = Role::none;
    };
    virtual Task<Result<Identity, IdentityError>> identify(Secret token) = 0;
};

}  // namespace gk
