#include "domain/catalog/placeholder.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::catalog {
namespace {

constexpr std::string_view opening = "{{";
constexpr std::string_view closing = "}}";
constexpr std::string_view escaped_opening = "{{{{";

bool is_name(std::string_view text) {
    const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'; };
    return !text.empty() && std::ranges::all_of(text, allowed);
}

}  // namespace

Result<Template, std::string> Template::parse(std::string_view text, Mark mark) {
    Template out;
    out.mark_ = mark;
    std::string plain;
    const auto keep_plain = [&] {
        if (!plain.empty()) out.pieces_.push_back({std::exchange(plain, {}), false});
    };
    while (!text.empty()) {
        if (text.starts_with(escaped_opening)) {
            plain += opening;
            text.remove_prefix(escaped_opening.size());
            continue;
        }
        if (!text.starts_with(opening)) {
            plain += text.front();
            text.remove_prefix(1);
            continue;
        }
        const auto end = text.find(closing);
        if (end == std::string_view::npos) return std::unexpected("a placeholder that begins with '{{' has no '}}'; write '{{{{' for a literal '{{'");
        const auto name = trimmed(text.substr(opening.size(), end - opening.size()));
        if (!is_name(name)) return std::unexpected(fmt::format("'{{{{{}}}}}' is no placeholder; write one such as {{{{settings.name}}}}", name));
        keep_plain();
        out.pieces_.push_back({std::string(name), true});
        text.remove_prefix(end + closing.size());
    }
    keep_plain();
    return out;
}

Template Template::literal(Value value) {
    Template out;
    out.mark_ = value.mark();
    out.literal_ = std::move(value);
    out.is_literal_ = true;
    return out;
}

std::vector<std::string_view> Template::placeholders() const {
    std::vector<std::string_view> names;
    for (const auto& piece : pieces_) {
        if (piece.is_placeholder) names.push_back(piece.text);
    }
    return names;
}

Value Template::fill(const Lookup& lookup) const {
    if (is_literal_) return literal_;
    if (pieces_.size() == 1 && pieces_.front().is_placeholder) return lookup(pieces_.front().text);
    return fill_text(lookup);
}

std::string Template::fill_text(const Lookup& lookup) const {
    if (is_literal_) return plain_text(literal_);
    std::string out;
    for (const auto& piece : pieces_) out += piece.is_placeholder ? plain_text(lookup(piece.text)) : piece.text;
    return out;
}

std::string plain_text(const Value& value) {
    if (value.is_null()) return {};
    if (const auto* text = value.as_string()) return *text;
    return to_json(value);
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Template& out) {
    std::string text;
    if (!decode(value, pointer, errors, text)) return false;
    auto parsed = Template::parse(text, value.mark());
    if (!parsed) {
        errors.add(pointer, "bad_format", parsed.error(), value.mark());
        return false;
    }
    out = std::move(*parsed);
    return true;
}

}  // namespace gk::catalog
