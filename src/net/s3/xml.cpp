#include "net/s3/xml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::net::s3 {
namespace {

constexpr int depth_max = 8;
constexpr std::string_view blank = " \t\r\n";
constexpr auto entities = std::to_array<std::pair<std::string_view, char>>({{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}});

template <class T>
using Parsed = Result<T, std::string>;

std::string utf8(std::uint32_t point) {
    if (point < 0x80) return {static_cast<char>(point)};
    if (point < 0x800) return {static_cast<char>(0xc0 | point >> 6), static_cast<char>(0x80 | (point & 63))};
    if (point < 0x10000)
        return {static_cast<char>(0xe0 | point >> 12), static_cast<char>(0x80 | (point >> 6 & 63)), static_cast<char>(0x80 | (point & 63))};
    return {static_cast<char>(0xf0 | point >> 18), static_cast<char>(0x80 | (point >> 12 & 63)), static_cast<char>(0x80 | (point >> 6 & 63)),
            static_cast<char>(0x80 | (point & 63))};
}

Parsed<std::string> entity(std::string_view name) {
    const auto* named = std::ranges::find(entities, name, [](const auto& known) { return known.first; });
    if (named != entities.end()) return std::string(1, named->second);
    const bool is_hex = name.starts_with("#x");
    const auto digits = name.substr(std::min<std::size_t>(is_hex ? 2 : 1, name.size()));
    std::uint32_t point = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), point, is_hex ? 16 : 10);
    if (!name.starts_with('#') || error != std::errc() || end != digits.data() + digits.size() || point == 0 || point > 0x10ffff) {
        return std::unexpected(fmt::format("the entity &{}; is not known", name));
    }
    return utf8(point);
}

class Parser {
public:
    explicit Parser(std::string_view text) : rest_(text) {}

    Parsed<XmlElement> document() {
        TRY_OK(skip_between());
        TRY(root, element(1));
        TRY_OK(skip_between());
        if (!rest_.empty()) return fail("something stands behind the document");
        return std::move(root);
    }

private:
    static std::unexpected<std::string> fail(std::string text) { return std::unexpected(std::move(text)); }

    bool take(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }
    Parsed<std::string_view> take_until(std::string_view end) {
        const auto at = rest_.find(end);
        if (at == std::string_view::npos) return fail(fmt::format("the document ends before '{}'", end));
        const auto taken = rest_.substr(0, at);
        rest_.remove_prefix(at + end.size());
        return taken;
    }
    // Blanks, the prolog and comments.
    Parsed<Success> skip_between() {
        for (;;) {
            rest_.remove_prefix(std::min(rest_.find_first_not_of(blank), rest_.size()));
            if (take("<?")) TRY_OK(take_until("?>"));
            else if (take("<!--")) TRY_OK(take_until("-->"));
            else return Success{};
        }
    }
    Parsed<XmlElement> element(int depth) {
        if (depth > depth_max) return fail("elements lie too deep within one another");
        if (!take("<")) return fail("an element is missing");
        TRY(tag, take_until(">"));
        const bool is_closed = tag.ends_with('/');
        XmlElement element{.name = std::string(tag.substr(0, tag.find_first_of(" \t\r\n/"))), .text = {}, .children = {}};
        if (element.name.empty() || element.name.front() == '!') return fail("this is no document of an object store");
        if (is_closed) return element;
        TRY_OK(content(element, depth));
        return element;
    }
    Parsed<Success> content(XmlElement& into, int depth) {
        for (;;) {
            TRY(piece, take_text());
            into.text += piece;
            if (take("<!--")) {
                TRY_OK(take_until("-->"));
            } else if (take("</")) {
                TRY(name, take_until(">"));
                if (trimmed(name) != into.name) return fail(fmt::format("<{}> ends with </{}>", into.name, name));
                return Success{};
            } else {
                TRY(child, element(depth + 1));
                into.children.push_back(std::move(child));
            }
        }
    }
    Parsed<std::string> take_text() {
        const auto end = rest_.find('<');
        if (end == std::string_view::npos) return fail("the document ends too early");
        auto raw = rest_.substr(0, end);
        rest_.remove_prefix(end);
        std::string text;
        for (;;) {
            const auto at = raw.find('&');
            text += raw.substr(0, at);
            if (at == std::string_view::npos) return text;
            const auto semicolon = raw.find(';', at);
            if (semicolon == std::string_view::npos) return fail("an entity has no end");
            TRY(meant, entity(raw.substr(at + 1, semicolon - at - 1)));
            text += meant;
            raw.remove_prefix(semicolon + 1);
        }
    }

    std::string_view rest_;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
    const auto found = std::ranges::find(children, wanted, &XmlElement::name);
    return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::text_of(std::string_view wanted) const {
    const auto* found = child(wanted);
    return found == nullptr ? std::string_view() : std::string_view(found->text);
}

Result<XmlElement, std::string> parse_xml(std::string_view text) { return Parser(text).document(); }

}  // namespace gk::net::s3
