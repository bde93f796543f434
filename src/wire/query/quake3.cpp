#include "wire/query/quake3.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace gk::wire::query::quake3 {

namespace {
constexpr std::string_view out_of_band = "\xff\xff\xff\xff";
constexpr std::size_t challenge_max = 128;
constexpr std::size_t value_max = 200;
struct Word {
    std::string_view text;
    Command command;
};
constexpr std::array words = {Word{"getinfo", Command::get_info}, Word{"getstatus", Command::get_status},
                              Word{"getchallenge", Command::get_challenge}, Word{"connect", Command::connect}};

// In a value these end it, and a line end would begin a player.
std::string value_of(std::string_view text) {
    std::string out(text.substr(0, value_max));
    std::erase_if(out, [](char c) { return c == '\\' || c == '"' || c == ';' || static_cast<unsigned char>(c) < ' '; });
    return out;
}

std::vector<std::byte> datagram_of(std::string_view text) {
    const auto whole = fmt::format("{}{}", out_of_band, text);
    const auto bytes = as_byte_span(whole);
    return {bytes.begin(), bytes.end()};
}

// A pair of which the value is left out when there is none.
std::string pair_of(std::string_view key, std::string_view text) {
    const auto value = value_of(text);
    return value.empty() ? std::string() : fmt::format("\\{}\\{}", key, value);
}

// The line of pairs behind the head, without the players that may follow; nullopt for another head.
std::optional<std::string_view> pairs_behind(std::string_view head, std::string_view text) {
    for (const auto expected : {out_of_band, head, std::string_view("\n\\")}) {
        if (!text.starts_with(expected)) return std::nullopt;
        text.remove_prefix(expected.size());
    }
    return text.substr(0, text.find('\n'));
}

// Of "key\value\key\value". Empty where it is not said.
std::string_view value_behind(std::string_view key, std::string_view pairs) {
    while (!pairs.empty()) {
        const auto name = pairs.substr(0, pairs.find('\\'));
        pairs.remove_prefix(std::min(name.size() + 1, pairs.size()));
        const auto value = pairs.substr(0, pairs.find('\\'));
        pairs.remove_prefix(std::min(value.size() + 1, pairs.size()));
        if (name == key) return value;
    }
    return {};
}

std::int32_t number_behind(std::string_view key, std::string_view pairs) {
    const auto text = value_behind(key, pairs);
    std::int32_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failed == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::vector<std::byte> response(std::string_view head, std::string_view challenge, std::string_view rest) {
    const auto echo = value_of(challenge);
    return datagram_of(fmt::format("{}\n{}{}{}", head, rest, echo.empty() ? "" : "\\challenge\\", echo));
}
}  // namespace

std::optional<Request> parse_request(ByteSpan datagram) {
    auto text = as_text(datagram);
    if (!text.starts_with(out_of_band)) return std::nullopt;
    text.remove_prefix(out_of_band.size());
    const auto word = text.substr(0, std::min(text.find_first_of(std::string_view(" \n\0", 3)), text.size()));
    const auto* known = std::ranges::find(words, word, &Word::text);
    if (known == words.end()) return std::nullopt;
    if (known->command == Command::connect) {
        // Without what the player calls himself it is no join.
        return text.size() > word.size() + 1 ? std::optional(Request{.command = Command::connect, .challenge = {}}) : std::nullopt;
    }
    auto challenge = text.substr(std::min(word.size() + 1, text.size()));
    challenge = challenge.substr(0, std::min({challenge.find_first_of(std::string_view(" \n\0", 3)), challenge.size(), challenge_max}));
    return Request{.command = known->command, .challenge = challenge};
}

std::vector<std::byte> info_response(std::string_view challenge, const Status& status) {
    return response(
        "infoResponse", challenge,
        fmt::format("\\game\\{}\\mapname\\{}\\hostname\\{}\\protocol\\{}\\clients\\0\\sv_maxclients\\{}{}", value_of(status.game),
                    value_of(status.map), value_of(status.host_name), status.protocol, status.clients_max, pair_of("gamename", status.game_name)));
}

std::vector<std::byte> status_response(std::string_view challenge, const Status& status) {
    auto out = response(
        "statusResponse", challenge,
        fmt::format("\\gamename\\{}\\mapname\\{}\\sv_hostname\\{}\\protocol\\{}\\sv_maxclients\\{}{}", value_of(status.game), value_of(status.map),
                    value_of(status.host_name), status.protocol, status.clients_max, pair_of("version", status.version)));
    out.push_back(std::byte{'\n'});  // Behind it a line per player.
    return out;
}

std::vector<std::byte> info_request(std::string_view challenge) { return datagram_of(fmt::format("getinfo {}", challenge)); }
std::vector<std::byte> status_request(std::string_view challenge) { return datagram_of(fmt::format("getstatus {}", challenge)); }

std::optional<Status> parse_info_response(ByteSpan datagram, std::string_view challenge) {
    const auto pairs = pairs_behind("infoResponse", as_text(datagram));
    if (!pairs || value_behind("challenge", *pairs) != challenge) return std::nullopt;
    return Status{.host_name = std::string(value_behind("hostname", *pairs)),
                  .map = std::string(value_behind("mapname", *pairs)),
                  .game = std::string(value_behind("game", *pairs)),
                  .protocol = number_behind("protocol", *pairs),
                  .clients_max = number_behind("sv_maxclients", *pairs),
                  .game_name = std::string(value_behind("gamename", *pairs))};
}

std::optional<Status> parse_status_response(ByteSpan datagram, std::string_view challenge) {
    const auto pairs = pairs_behind("statusResponse", as_text(datagram));
    if (!pairs || value_behind("challenge", *pairs) != challenge) return std::nullopt;
    return Status{.host_name = std::string(value_behind("sv_hostname", *pairs)),
                  .map = std::string(value_behind("mapname", *pairs)),
                  .game = std::string(value_behind("gamename", *pairs)),
                  .protocol = number_behind("protocol", *pairs),
                  .clients_max = number_behind("sv_maxclients", *pairs),
                  .version = std::string(value_behind("version", *pairs))};
}

}  // namespace gk::wire::query::quake3
