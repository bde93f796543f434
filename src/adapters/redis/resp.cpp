#include "adapters/redis/resp.hpp"

#include <charconv>
#include <iterator>

#include <fmt/format.h>

namespace gk::redis {
namespace {

constexpr int depth_max = 8;
constexpr std::int64_t items_max = 1 << 20;
constexpr std::int64_t text_max = 64 << 20;  // Bytes.
constexpr std::size_t line_max = 64 * 1024;

using Taken = Result<std::optional<Reply>, std::string>;

// The line at the front without its end; nothing while that has not come.
Result<std::optional<std::string_view>, std::string> take_line(std::string_view& bytes) {
    const auto end = bytes.find("\r\n");
    // Also when all of it has come at once; the first byte of the line's end may be there already.
    if (end == std::string_view::npos ? bytes.size() > line_max + 1 : end > line_max)
        return std::unexpected(fmt::format("a line of a reply has more than {} bytes", line_max));
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    return line;
}

std::optional<std::int64_t> number_in(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// A text of `size` bytes and its end. A verbatim one begins with its format, "txt:".
Taken take_text(std::string_view& bytes, std::int64_t size, Reply::Kind kind, bool is_verbatim) {
    const auto count = static_cast<std::size_t>(size);
    if (bytes.size() < count + 2) return std::nullopt;
    if (bytes.substr(count, 2) != "\r\n") return std::unexpected(std::string("a text in a reply does not end where it should"));
    Reply reply{.kind = kind, .text = std::string(bytes.substr(0, count)), .items = {}};
    if (is_verbatim) reply.text.erase(0, std::min<std::size_t>(4, reply.text.size()));
    bytes.remove_prefix(count + 2);
    return reply;
}

Taken take(std::string_view& bytes, int depth);

Taken take_items(std::string_view& bytes, std::int64_t count, Reply::Kind kind, int depth) {
    Reply reply{.kind = kind, .text = {}, .items = {}};
    for (std::int64_t i = 0; i < count; ++i) {
        TRY(item, take(bytes, depth + 1));
        if (!item) return std::nullopt;
        reply.items.push_back(std::move(*item));
    }
    return reply;
}

Taken take_sized(std::string_view& bytes, char type, std::string_view line, int depth) {
    const auto size = number_in(line);
    const bool is_list = type == '*' || type == '~' || type == '>' || type == '%';
    if (size == -1 && (type == '$' || type == '*')) return Reply{.kind = Reply::Kind::null, .text = {}, .items = {}};
    if (!size || *size < 0 || *size > (is_list ? items_max : text_max)) return std::unexpected(fmt::format("'{}' is no size of a reply", line));
    if (is_list) return take_items(bytes, type == '%' ? *size * 2 : *size, type == '>' ? Reply::Kind::push : Reply::Kind::list, depth);
    return take_text(bytes, *size, type == '!' ? Reply::Kind::error : Reply::Kind::text, type == '=');
}

Taken take(std::string_view& bytes, int depth) {
    if (depth > depth_max) return std::unexpected(fmt::format("a reply is nested deeper than {}", depth_max));
    TRY(line, take_line(bytes));
    if (!line) return std::nullopt;
    if (line->empty()) return std::unexpected(std::string("a reply has no type"));
    const char type = line->front();
    const auto rest = line->substr(1);
    Reply reply{.kind = Reply::Kind::text, .text = std::string(rest), .items = {}};
    switch (type) {
    case '+':
    case ',':  // A number with a point, and a big one: nobody here asks for either.
    case '(':
    case '#': return reply;
    case '-': reply.kind = Reply::Kind::error; return reply;
    case '_': reply.kind = Reply::Kind::null; return reply;
    case ':': {
        const auto number = number_in(rest);
        if (!number) return std::unexpected(fmt::format("'{}' is no number", rest));
        reply.kind = Reply::Kind::number;
        reply.number = *number;
        return reply;
    }
    case '$':
    case '!':
    case '=':
    case '*':
    case '~':
    case '>':
    case '%': return take_sized(bytes, type, rest, depth);
    default: return std::unexpected(fmt::format("a reply has the unknown type '{}'", type));
    }
}

}  // namespace

void Commands::begin(std::size_t words) {
    ++count_;
    fmt::format_to(std::back_inserter(text_), "*{}\r\n", words);
}

void Commands::word(std::string_view text) {
    fmt::format_to(std::back_inserter(text_), "${}\r\n", text.size());
    text_.append(text).append("\r\n");
}

void Commands::add(std::initializer_list<std::string_view> words) {
    begin(words.size());
    for (const auto text : words) word(text);
}

void Commands::add(const std::vector<std::string>& words) {
    begin(words.size());
    for (const auto& text : words) word(text);
}

Result<std::optional<Reply>, std::string> take_reply(std::string_view& bytes) {
    auto rest = bytes;
    auto taken = take(rest, 0);
    if (taken && *taken) bytes = rest;
    return taken;
}

}  // namespace gk::redis
