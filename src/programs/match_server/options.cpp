#include "programs/match_server/options.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "base/text.hpp"
#include "net/json/json.hpp"

namespace gk::programs {
namespace {

constexpr std::size_t session_size_max = 64;
constexpr std::size_t clients_most = 20'000;
constexpr std::size_t token_key_size_min = 16;
// Where people have to introduce themselves, nobody needs longer for their first line.
constexpr Milliseconds introduction_time = std::chrono::seconds(10);

Result<std::size_t, std::string> number(std::string_view text, std::string_view name, std::size_t least, std::size_t most) {
    std::size_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error == std::errc() && end == text.data() + text.size() && out >= least && out <= most) return out;
    return std::unexpected(fmt::format("{} '{}' is no whole number between {} and {}", name, text, least, most));
}

Result<Success, std::string> read_duration(const std::string& text, std::string_view name, Milliseconds& out) {
    if (text.empty()) return Success{};
    const auto duration = parse_duration(text);
    if (!duration || duration->count() == 0) return std::unexpected(fmt::format("{} '{}' is no duration; write for example 60s", name, text));
    out = *duration;
    return Success{};
}

Result<std::vector<std::string>, std::string> players_of(const std::string& text) {
    std::vector<std::string> out;
    if (text.empty()) return out;
    const auto list = net::parse_json(text);
    const auto* items = list ? list->as_array() : nullptr;
    if (items == nullptr)
        return std::unexpected(fmt::format("PLAYERS (--players) is no JSON list of player ids, such as [\"ada\",\"bob\"]: {}", text));
    for (const auto& item : *items) {
        const auto* player = item.as_string();
        if (player == nullptr || player->empty()) return std::unexpected("PLAYERS (--players): each player is a text that is not empty");
        if (std::ranges::find(out, *player) != out.end())
            return std::unexpected(fmt::format("PLAYERS (--players): '{}' stands there twice", *player));
        out.push_back(*player);
    }
    return out;
}

Result<Secret, std::string> token_key_of(const MatchServerWish& wish) {
    auto text = wish.token_key;
    if (!wish.token_key_file.empty()) {
        std::ifstream in(wish.token_key_file, std::ios::binary);
        if (!in) return std::unexpected(fmt::format("--token-key-file: {} cannot be read", wish.token_key_file));
        text.assign(std::istreambuf_iterator<char>(in), {});
    }
    Secret key{std::string(trimmed(text))};
    const bool was_said = !wish.token_key.empty() || !wish.token_key_file.empty();
    if (was_said && key.reveal().size() < token_key_size_min) {
        return std::unexpected(
            fmt::format("the key of join tokens (MATCH_TOKEN_KEY, --token-key-file) has fewer than {} characters", token_key_size_min));
    }
    return key;
}

// A JSON object of texts, such as stands behind the players of a match.
Result<std::map<std::string, std::string>, std::string> environment_of(std::string_view text) {
    const auto object = net::parse_json(text);
    if (!object || object->as_object() == nullptr) return std::unexpected(fmt::format("'{}' is no JSON object of texts", text));
    std::map<std::string, std::string> out;
    for (const auto& [name, value] : *object->as_object()) {
        if (const auto* word = value.as_string()) out.emplace(name, *word);
    }
    return out;
}

void ask_for_tokens(MatchServerOptions& options, const Secret& key) {
    options.token_key = key;
    options.first_line_time = introduction_time;
}

Result<std::string, std::string> session_of(const MatchServerWish& wish) {
    if (wish.many || !wish.fleet.empty()) return std::string();
    if (wish.session.empty()) return std::unexpected("which match is this? Set SESSION_ID or --session (or serve many with --many)");
    if (is_session_name(wish.session)) return wish.session;
    return std::unexpected(fmt::format("SESSION_ID (--session) '{}' is no name of a match: 1 to {} letters, digits, '-', '_', '.' and ':'",
                                       wish.session, session_size_max));
}

Result<net::Endpoint, std::string> listen_of(const MatchServerWish& wish) {
    const std::string port = wish.port.empty() ? "8080" : wish.port;
    TRY_OK(number(port, "PORT (--port)", 0, 65535));
    const std::string address = wish.address.empty() ? "0.0.0.0" : wish.address;
    auto endpoint = net::parse_endpoint(address.find(':') == std::string::npos ? address + ":" + port : "[" + address + "]:" + port);
    if (endpoint) return std::move(*endpoint);
    return std::unexpected(fmt::format("--address '{}': {}", wish.address, endpoint.error()));
}

}  // namespace

bool is_session_name(std::string_view text) {
    return !text.empty() && text.size() <= session_size_max && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-_.:").contains(c);
    });
}

Result<MatchServerOptions, std::string> match_server_options(const MatchServerWish& wish) {
    TRY(session, session_of(wish));
    TRY(players, players_of(wish.players));
    TRY(listen, listen_of(wish));
    TRY(token_key, token_key_of(wish));
    MatchServerOptions out;
    out.session = session;
    out.players = players;
    out.listen = listen;
    out.many = wish.many;
    if (!players.empty()) out.clients_max = players.size();
    if (!wish.clients_max.empty()) {
        TRY(clients_max, number(wish.clients_max, "--clients-max", 1, clients_most));
        out.clients_max = clients_max;
    }
    if (wish.many) out.first_line_time = introduction_time;
    if (!token_key.empty()) ask_for_tokens(out, token_key);
    TRY_OK(read_duration(wish.empty_time, "--empty-time", out.referee.empty_time));
    TRY_OK(read_duration(wish.open_time, "--open-time", out.referee.open_time));
    TRY_OK(read_duration(wish.first_line_time, "--first-line-time", out.first_line_time));
    return out;
}

Result<Success, std::string> allocate(std::string_view line, MatchServerOptions& options) {
    constexpr std::string_view verb = "ALLOCATE ";
    const auto said = trimmed(line);
    if (!said.starts_with(verb)) return std::unexpected(fmt::format("'{}' does not say ALLOCATE ID PLAYERS", said));
    const auto rest = said.substr(verb.size());
    const auto session = rest.substr(0, rest.find(' '));
    if (!is_session_name(session)) return std::unexpected(fmt::format("'{}' is no name of a match", session));
    if (!options.session.empty() && options.session != session) return std::unexpected(fmt::format("this server has a match, '{}'", options.session));
    const auto who = trimmed(rest.substr(session.size()));
    // A list ends in ']', and there is no blank before a brace in an object that we write.
    const auto more_at = who.ends_with('}') ? who.rfind(" {") : std::string_view::npos;
    TRY(players, players_of(std::string(trimmed(who.substr(0, more_at)))));
    MatchServerWish wish;
    if (more_at != std::string_view::npos) {
        TRY(more, environment_of(who.substr(more_at + 1)));
        wish.token_key = more["MATCH_TOKEN_KEY"];
    }
    TRY(token_key, token_key_of(wish));
    if (!wish.token_key.empty()) ask_for_tokens(options, token_key);
    options.session = session;
    if (!players.empty()) options.clients_max = players.size();
    options.players = std::move(players);
    return Success{};
}

}  // namespace gk::programs
