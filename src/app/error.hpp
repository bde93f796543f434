#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/decode.hpp"
#include "ports/files.hpp"
#include "ports/port_map.hpp"
#include "ports/runtime.hpp"
#include "ports/server_store.hpp"
#include "ports/vault.hpp"

namespace gk::app {

// Why a use case did not do what was asked. `code` is stable and public, `message` is for people (cause and cure); `detail` is for the
// log alone and never leaves the machine.
struct Error {
    // Each kind is one answer to "what may the caller do now?"; api maps it to one HTTP status.
    enum class Kind : std::uint8_t {
        invalid,          // Mend the request: `fields` says where.
        unauthenticated,  // Say who you are.
        forbidden,        // Ask somebody with more rights.
        not_found,
        conflict,         // Not in this state: `allowed` says what is.
        unprocessable,    // Well-formed, but can never be done like this.
        exhausted,        // No room left here.
        unavailable,      // Try again.
        internal,         // Ours; the log knows more.
    };
    Kind kind = Kind::internal;
    std::string code{};
    std::string message{};
    std::vector<FieldError> fields{};
    std::vector<std::string> allowed{};
    std::string detail{};
};

Error invalid(std::vector<FieldError> fields);
Error not_found(std::string message);
Error from(const StoreError& error);
Error from(const RuntimeError& error);
Error from(const PortMapError& error);
Error from(const VaultError& error);
Error from(const FilesError& error);

}  // namespace gk::app
