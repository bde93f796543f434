#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/decode.hpp"

// Who hears of a server by mail.
namespace gk::server {

inline constexpr std::size_t recipients_max = 10;

// A mail address in the plain form of RFC 5321: ASCII, no quotes, no comment, nothing that could end a line of a letter or of its envelope.
bool is_mail_address(std::string_view text);

// One of them, as people write it.
struct Recipient {
    std::string address;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, Recipient& out);

}  // namespace gk::server
