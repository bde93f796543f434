#include "app/match/join_token.hpp"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "tls/digest.hpp"

namespace gk::app {
namespace {

constexpr std::size_t expires_digits_max = 12;

// Only the player may hold any character, so it stands last: no two triples give the same text. The first line keeps these apart from whatever else
// is made with the key.
std::string mac_of(const Secret& key, std::string_view session, std::string_view expires, std::string_view player) {
    const auto text = fmt::format("gamekeeper-join-1\n{}\n{}\n{}", session, expires, player);
    return tls::hex(tls::hmac_sha256(as_byte_span(key.reveal()), as_byte_span(text)));
}

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> from_hex(std::string_view digits) {
    if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const int high = digit_of(digits[i]);
        const int low = digit_of(digits[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

std::optional<Time> time_of(std::string_view seconds) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), count);
    if (seconds.size() > expires_digits_max || error != std::errc() || end != seconds.data() + seconds.size() || count < 0) return std::nullopt;
    return Time(std::chrono::seconds(count));
}

}  // namespace

std::string make_join_token(const Secret& key, std::string_view session, std::string_view player, Time expires) {
    const auto seconds = std::to_string(std::chrono::floor<std::chrono::seconds>(expires.time_since_epoch()).count());
    return fmt::format("{}.{}.{}", seconds, tls::hex(as_byte_span(player)), mac_of(key, session, seconds, player));
}

Result<std::string, TokenFault> player_of_join_token(const Secret& key, std::string_view session, std::string_view token, Time now) {
    const auto parts = split(token, '.');
    if (parts.size() != 3) return std::unexpected(TokenFault::malformed);
    const auto expires = time_of(parts[0]);
    auto player = from_hex(parts[1]);
    if (!expires || !player) return std::unexpected(TokenFault::malformed);
    const auto mac = mac_of(key, session, parts[0], *player);
    if (!tls::equal_in_constant_time(as_byte_span(mac), as_byte_span(parts[2]))) return std::unexpected(TokenFault::foreign);
    if (now >= *expires) return std::unexpected(TokenFault::expired);
    return std::move(*player);
}

}  // namespace gk::app
