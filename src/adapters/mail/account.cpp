#include "adapters/mail/account.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace gk::mail {
namespace {

bool may_stand_in_host(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.'; }
bool may_stand_in_address(char c) { return may_stand_in_host(c) || c == ':'; }

std::optional<std::uint16_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

}  // namespace

Result<Place, std::string> parse_place(std::string_view text) {
    const auto wrong = [&] {
        return std::unexpected(fmt::format("'{}' is no mail server; write HOST or HOST:PORT, such as mail.castle.example:587", text));
    };
    const bool is_bracketed = text.starts_with('[') && text.contains(']');
    const auto end = is_bracketed ? text.find(']') + 1 : std::min(text.find(':'), text.size());
    const auto host = is_bracketed ? text.substr(1, end - 2) : text.substr(0, end);
    const auto rest = text.substr(end);
    const bool is_good = is_bracketed ? std::ranges::all_of(host, may_stand_in_address) : std::ranges::all_of(host, may_stand_in_host);
    if (host.empty() || !is_good) return wrong();
    if (rest.empty()) return Place{.host = std::string(host), .port = {}};
    const auto port = rest.starts_with(':') ? port_of(rest.substr(1)) : std::nullopt;
    if (!port) return wrong();
    return Place{.host = std::string(host), .port = port};
}

std::uint16_t usual_port(Security security) {
    switch (security) {
    case Security::starttls: return 587;
    case Security::implicit: return 465;
    case Security::none: return 25;
    }
    std::unreachable();
}

}  // namespace gk::mail
