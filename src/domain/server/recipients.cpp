#include "domain/server/recipients.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace gk::server {

bool is_mail_address(std::string_view text) {
    constexpr std::size_t most = 254;  // RFC 5321, 4.5.3.1.3
    constexpr std::string_view forbidden = "<>()[]\\,;:\"";
    const auto at = text.find('@');
    if (text.size() > most || at == 0 || at == std::string_view::npos || at + 1 == text.size() || text.rfind('@') != at) return false;
    return std::ranges::all_of(text, [&](char c) { return c > ' ' && c <= '~' && !forbidden.contains(c); });
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Recipient& out) {
    if (!decode(value, pointer, errors, out.address)) return false;
    if (is_mail_address(out.address)) return true;
    errors.add(pointer, "bad_format", fmt::format("'{}' is no mail address: write one such as anna@castle.example", out.address), value.mark());
    return false;
}

}  // namespace gk::server
