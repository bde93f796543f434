#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_names.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace gk::mail {

// How the connection is kept from others' eyes. starttls: the server must offer it, or nothing is sent.
enum class Security : std::uint8_t { starttls, implicit, none };
inline constexpr auto security_names = std::to_array<std::string_view>({"starttls", "implicit", "none"});
constexpr std::span<const std::string_view> names_of(Security) { return security_names; }

struct Account {
    std::string host;
    std::uint16_t port = 587;
    Security security = Security::starttls;
    std::string ca_file{};  // PEM; empty: whom this machine trusts. The certificate must say `host`.
    std::string user{};     // Empty: without a login.
    Secret password{};
    std::string from;       // server::is_mail_address()
};

// Where a mail server is, as people write it: "mail.castle.example", "mail.castle.example:2525", "[2001:db8::1]:25". The error is a sentence.
struct Place {
    std::string host;
    std::optional<std::uint16_t> port;
};
Result<Place, std::string> parse_place(std::string_view text);
// Of a server that does not name one: 587, 465 or 25.
std::uint16_t usual_port(Security security);

}  // namespace gk::mail
