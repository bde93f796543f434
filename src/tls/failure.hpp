#pragma once

#include <string>
#include <string_view>

namespace gk::tls {

// What OpenSSL noted last on this thread, behind `what`; forgets the notes, so that the next call starts clean.
std::string failure_text(std::string_view what);

}  // namespace gk::tls
