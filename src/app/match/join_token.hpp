#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"

namespace gk::app {

// Lets one player into one match until it expires (docs/formats/match-token.md). Whoever places the match makes it; the match server, which has
// the same key, checks it without asking anybody. One line of printable characters without blanks.
//     <expires, seconds since 1970> "." <player, hexadecimal> "." <HMAC-SHA256, hexadecimal>
std::string make_join_token(const Secret& key, std::string_view session, std::string_view player, Time expires);

enum class TokenFault : std::uint8_t {
    malformed,  // It is none.
    foreign,    // Made with another key, for another match, or changed on the way.
    expired,
};
// The player that it was made for. `now` by the calendar.
Result<std::string, TokenFault> player_of_join_token(const Secret& key, std::string_view session, std::string_view token, Time now);

}  // namespace gk::app
