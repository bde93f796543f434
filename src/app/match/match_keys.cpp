#include "app/match/match_keys.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "tls/digest.hpp"

namespace gk::app {
namespace {

constexpr std::string_view server_begin = "gks_";

}  // namespace

// The first line keeps these apart from each other and from whatever else is made with the key.
std::string MatchKeys::mac_of(std::string_view use, std::string_view text) const {
    const auto whole = fmt::format("{}\n{}", use, text);
    return tls::hex(tls::hmac_sha256(as_byte_span(root_.reveal()), as_byte_span(whole)));
}

std::string MatchKeys::of_server(const std::string& tenant, MatchId match) const {
    const auto of = fmt::format("{}.{}", tenant, match.text());
    return fmt::format("{}{}.{}", server_begin, of, mac_of("gamekeeper-match-server-1", of));
}

std::optional<MatchKeys::Server> MatchKeys::server_of(std::string_view token) const {
    if (!token.starts_with(server_begin)) return std::nullopt;
    const auto mac_at = token.rfind('.');
    const auto of = token.substr(server_begin.size(), std::max(mac_at, server_begin.size()) - server_begin.size());
    const auto match_at = of.rfind('.');
    if (mac_at == std::string_view::npos || match_at == std::string_view::npos) return std::nullopt;
    const auto match = MatchId::parse(of.substr(match_at + 1));
    if (!match) return std::nullopt;
    Server server{.tenant = std::string(of.substr(0, match_at)), .match = *match};
    const auto right = of_server(server.tenant, server.match);
    if (!tls::equal_in_constant_time(as_byte_span(right), as_byte_span(token))) return std::nullopt;
    return server;
}

Secret MatchKeys::of_join_tokens(MatchId match) const { return Secret(mac_of("gamekeeper-join-key-1", match.text())); }

std::map<std::string, std::string> MatchKeys::environment(const match::Match& match) const {
    std::map<std::string, std::string> out{{"MATCH_KEY", of_server(match.tenant, match.id)}};
    if (match.join_tokens) out.emplace("MATCH_TOKEN_KEY", of_join_tokens(match.id).reveal());
    return out;
}

}  // namespace gk::app
