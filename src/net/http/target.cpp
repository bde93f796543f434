#include "net/http/target.hpp"

#include <algorithm>
#include <cstdint>

#include "base/text.hpp"

namespace gk::net {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

std::optional<std::uint8_t> nibble(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    return std::nullopt;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_unreserved(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
}

// Decodes one part and refuses what no name may contain.
Result<std::string, std::string> decoded_part(std::string_view text, bool plus_is_blank) {
    auto decoded = percent_decoded(text, plus_is_blank);
    if (!decoded) return std::unexpected("the address has a '%' that two hexadecimal digits do not follow; write '%25' for a percent sign");
    if (std::ranges::any_of(*decoded, is_control)) return std::unexpected("the address has an encoded control character");
    if (!is_utf8(*decoded)) return std::unexpected("the address does not decode to UTF-8");
    return std::move(*decoded);
}

Result<std::vector<std::string>, std::string> parse_path(std::string_view path) {
    std::vector<std::string> segments;
    for (const auto part : split(path.substr(1), '/')) {
        TRY(segment, decoded_part(part, false));
        if (segment == "." || segment == "..") return std::unexpected("the path has a segment '.' or '..'; send the path that is meant");
        segments.push_back(std::move(segment));
    }
    return segments;
}

}  // namespace

std::optional<std::string_view> Target::find_query(std::string_view name) const {
    const auto found = std::ranges::find(query, name, [](const auto& it) { return std::string_view(it.first); });
    return found == query.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

Result<Target, std::string> parse_target(std::string_view text) {
    if (text.empty() || text.front() != '/')
        return std::unexpected("the request target does not start with '/'; only paths of this server are served");
    const auto is_plain = [](char c) { return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F && c != '#'; };
    if (!std::ranges::all_of(text, is_plain)) return std::unexpected("the request target has a character that must be percent-encoded");
    const auto question = text.find('?');
    Target target;
    TRY(segments, parse_path(text.substr(0, question)));
    target.segments = std::move(segments);
    if (question == std::string_view::npos) return target;
    for (const auto pair : split(text.substr(question + 1), '&')) {
        if (pair.empty()) continue;
        const auto equals = pair.find('=');
        TRY(name, decoded_part(pair.substr(0, equals), true));
        TRY(value, decoded_part(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true));
        target.query.emplace_back(std::move(name), std::move(value));
    }
    return target;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_blank) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (text.size() - i < 3) return std::nullopt;
            const auto first = nibble(text[i + 1]);
            const auto second = nibble(text[i + 2]);
            if (!first || !second) return std::nullopt;
            out += static_cast<char>(*first << 4 | *second);
            i += 2;
        }
    }
    return out;
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += hex_digits[byte >> 4];
        out += hex_digits[byte & 15];
    }
    return out;
}

}  // namespace gk::net
