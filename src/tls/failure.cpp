#include "tls/failure.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

namespace gk::tls {

std::string failure_text(std::string_view what) {
    // The first note is the cause; later ones are its consequences.
    const auto code = ERR_get_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return fmt::format("{}: {}", what, reason != nullptr ? reason : "no reason was given");
}

}  // namespace gk::tls
