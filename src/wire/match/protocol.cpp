#include "wire/match/protocol.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::wire::match {
namespace {

constexpr std::string_view blanks = " \t";

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool same_word(std::string_view text, std::string_view word) {
    return std::ranges::equal(text, word, [](char a, char b) { return upper(a) == b; });
}

// A word and what follows it, or nothing.
struct Words {
    std::string_view first;
    std::string_view rest;
};
Words words_of(std::string_view line) {
    const auto end = std::min(line.find_first_of(blanks), line.size());
    return {line.substr(0, end), trimmed(line.substr(end))};
}

bool is_digits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

std::optional<std::chrono::seconds> whole_seconds(std::string_view digits) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return std::chrono::seconds(count);
}

Request request_match(std::string_view rest) {
    const auto length = parse_length(rest);
    if (!length) return {};
    return {.verb = Verb::request_match, .length = *length, .text = {}};
}

// Its text is one word.
Request with_text(Verb verb, std::string_view rest) {
    if (rest.empty() || rest.find_first_of(blanks) != std::string_view::npos) return {};
    return {.verb = verb, .text = std::string(rest)};
}

}  // namespace

std::optional<std::chrono::seconds> parse_length(std::string_view text) {
    const auto dot = text.find('.');
    const auto whole = text.substr(0, dot);
    const auto fraction = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
    if (whole.empty() || !is_digits(whole) || !is_digits(fraction) || (dot != std::string_view::npos && fraction.empty())) return std::nullopt;
    auto length = whole_seconds(whole);
    if (!length || *length > length_most) return std::nullopt;
    if (fraction.find_first_not_of('0') != std::string_view::npos) *length += std::chrono::seconds(1);
    if (length->count() == 0 || *length > length_most) return std::nullopt;
    return length;
}

Request parse_request(std::string_view line) {
    const auto [verb, rest] = words_of(trimmed(line));
    if (same_word(verb, "REQUEST_MATCH")) return request_match(rest);
    if (same_word(verb, "TOKEN")) return with_text(Verb::token, rest);
    if (same_word(verb, "SESSION")) return with_text(Verb::session, rest);
    if (!rest.empty()) return {};
    if (same_word(verb, "GET_STATE")) return {.verb = Verb::get_state, .text = {}};
    if (same_word(verb, "GET_RUNNING_LENGTH")) return {.verb = Verb::get_running_length, .text = {}};
    return {};
}

std::string state_line(State state) { return fmt::format("STATE {}\n", name_of(state)); }
std::string length_line(std::chrono::seconds length) { return fmt::format("RUNNING_LENGTH {}\n", length.count()); }

Reply parse_reply(std::string_view line) {
    const auto text = trimmed(line);
    const auto [first, rest] = words_of(text);
    if (first == "STATE") {
        const auto state = from_name<State>(rest);
        return state ? Reply{.kind = Reply::Kind::state, .state = *state} : Reply{};
    }
    if (first == "RUNNING_LENGTH") {
        const auto length = is_digits(rest) ? whole_seconds(rest) : std::nullopt;
        return length && *length <= length_most ? Reply{.kind = Reply::Kind::running_length, .length = *length} : Reply{};
    }
    if (text == trimmed(unknown_line)) return {.kind = Reply::Kind::unknown};
    if (text == trimmed(full_line)) return {.kind = Reply::Kind::full};
    if (text == trimmed(denied_line)) return {.kind = Reply::Kind::denied};
    if (text == trimmed(token_accepted_line)) return {.kind = Reply::Kind::token_accepted};
    return {};
}

}  // namespace gk::wire::match
