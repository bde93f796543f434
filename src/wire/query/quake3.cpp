#include "wire/query/quake3.hpp"

#include <algorithm>
#include <array>

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

std::vector<std::byte> response(std::string_view head, std::string_view challenge, std::string_view rest) {
    const auto echo = value_of(challenge);
    const auto text = fmt::format("{}{}\n{}{}{}", out_of_band, head, rest, echo.empty() ? "" : "\\challenge\\", echo);
    const auto bytes = as_byte_span(text);
    return {bytes.begin(), bytes.end()};
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
    return response("infoResponse", challenge,
                    fmt::format("\\game\\{}\\mapname\\{}\\hostname\\{}\\protocol\\{}\\clients\\0\\sv_maxclients\\{}", value_of(status.game),
                                value_of(status.map), value_of(status.host_name), status.protocol, status.clients_max));
}

std::vector<std::byte> status_response(std::string_view challenge, const Status& status) {
    auto out = response("statusResponse", challenge,
                        fmt::format("\\gamename\\{}\\mapname\\{}\\sv_hostname\\{}\\protocol\\{}\\sv_maxclients\\{}", value_of(status.game),
                                    value_of(status.map), value_of(status.host_name), status.protocol, status.clients_max));
    out.push_back(std::byte{'\n'});  // Behind it a line per player.
    return out;
}

}  // namespace gk::wire::query::quake3
