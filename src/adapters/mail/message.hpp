#pragma once

#include <string>
#include <string_view>

#include "ports/carrier.hpp"

namespace gk::mail {

// The letter as RFC 5322 has it, lines ending in CRLF. Texts become encoded words and base64: nothing in them can be a header, or the end of the
// mail. `from` is an address. The Message-ID is made of the letter's id and the receiver: a mail that comes twice is the same mail.
std::string compose(const Letter& letter, std::string_view from, Time now);

}  // namespace gk::mail
