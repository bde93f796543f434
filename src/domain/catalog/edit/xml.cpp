#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/edit/edit.hpp"
#include "domain/catalog/edit/scalars.hpp"

// XML as configuration: elements with text or attributes. Declarations, comments and CDATA are stepped over; nothing is ever expanded.
namespace gk::catalog {
namespace {

enum class TagKind : std::uint8_t { open, close, self_closing, other };

struct Tag {
    TagKind kind = TagKind::other;
    std::size_t begin = 0;  // Of '<' ...
    std::size_t end = 0;    // ... and behind '>'.
    std::string_view name;
};

struct Element {
    Tag open;
    std::size_t content_end = 0;  // Of '<' of its closing tag; for a self-closing one, its end.
    bool has_children = false;
};

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&apos;"; break;
        default: out += c;
        }
    }
    return out;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class XmlEditor {
public:
    explicit XmlEditor(std::string_view content) : text_(content) {}

    Result<std::string, EditError> set(const Edit& edit, const std::string& value) {
        auto path = edit.path;
        std::string attribute;
        if (path.back().starts_with('@')) {
            attribute = path.back().substr(1);
            path.pop_back();
        }
        if (path.empty()) return fail(0, "an attribute belongs to an element: name that first");
        TRY_OK(check_names(path, attribute));
        // Missing elements are made one by one, then this finds them all.
        std::size_t begin = 0;
        std::size_t end = text_.size();
        std::optional<Element> element;
        for (std::size_t depth = 0; depth < path.size(); ++depth) {
            TRY(found, child(begin, end, path[depth]));
            if (!found) {
                TRY_OK(add_element(element, path, depth));
                return XmlEditor(text_).set(edit, value);
            }
            element = *found;
            begin = element->open.end;
            end = element->open.kind == TagKind::self_closing ? begin : element->content_end;
        }
        return attribute.empty() ? set_text(*element, path.back(), value) : set_attribute(*element, attribute, value);
    }

private:
    std::unexpected<EditError> fail(std::size_t at, std::string message) const {
        const auto before = std::string_view(text_).substr(0, at);
        return std::unexpected(EditError{static_cast<int>(std::ranges::count(before, '\n')) + 1, std::move(message)});
    }

    Result<Success, EditError> check_names(const std::vector<std::string>& path, const std::string& attribute) const {
        const auto is_name = [](std::string_view name) {
            const auto allowed = [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ':';
            };
            return !name.empty() && std::ranges::all_of(name, allowed);
        };
        for (const auto& name : path) {
            if (!is_name(name)) return std::unexpected(EditError{0, fmt::format("'{}' is no name of an element", name)});
        }
        if (!attribute.empty() && !is_name(attribute))
            return std::unexpected(EditError{0, fmt::format("'{}' is no name of an attribute", attribute)});
        return Success{};
    }

    // The next tag at or behind `at`; none when there is no further one before `end`.
    Result<std::optional<Tag>, EditError> next_tag(std::size_t at, std::size_t end) const {
        const auto begin = text_.find('<', at);
        if (begin == std::string::npos || begin >= end) return std::optional<Tag>();
        const auto rest = std::string_view(text_).substr(begin);
        if (rest.starts_with("<!--")) return other(begin, "-->");
        if (rest.starts_with("<![CDATA[")) return other(begin, "]]>");
        if (rest.starts_with("<?")) return other(begin, "?>");
        if (rest.starts_with("<!")) {
            TRY(tag, other(begin, ">"));
            if (std::string_view(text_).substr(begin, tag->end - begin).find('[') != std::string_view::npos) {
                return fail(begin, "document types with declarations of their own are not supported");
            }
            return tag;
        }
        return element_tag(begin);
    }

    Result<std::optional<Tag>, EditError> other(std::size_t begin, std::string_view closing) const {
        const auto end = text_.find(closing, begin + 2);
        if (end == std::string::npos) return fail(begin, fmt::format("this is never closed with '{}'", closing));
        return std::optional(Tag{TagKind::other, begin, end + closing.size(), {}});
    }

    Result<std::optional<Tag>, EditError> element_tag(std::size_t begin) const {
        char quote = 0;
        auto at = begin + 1;
        for (; at < text_.size() && (quote != 0 || text_[at] != '>'); ++at) {
            if (quote != 0) quote = text_[at] == quote ? '\0' : quote;
            else if (text_[at] == '"' || text_[at] == '\'') quote = text_[at];
        }
        if (at == text_.size()) return fail(begin, "this tag is never closed with '>'");
        Tag tag{.kind = TagKind::open, .begin = begin, .end = at + 1, .name = {}};
        auto name_at = begin + 1;
        if (text_[name_at] == '/') {
            tag.kind = TagKind::close;
            ++name_at;
        } else if (text_[at - 1] == '/') {
            tag.kind = TagKind::self_closing;
        }
        auto name_end = name_at;
        while (name_end < at && !is_space(text_[name_end]) && text_[name_end] != '/') ++name_end;
        tag.name = std::string_view(text_).substr(name_at, name_end - name_at);
        return std::optional(tag);
    }

    // The first element of that name directly within [begin, end).
    Result<std::optional<Element>, EditError> child(std::size_t begin, std::size_t end, std::string_view name) const {
        std::vector<std::string_view> open;
        std::optional<Element> found;
        for (auto at = begin;;) {
            TRY(tag, next_tag(at, end));
            if (!tag) break;
            at = tag->end;
            if (tag->kind == TagKind::other) continue;
            if (tag->kind == TagKind::close) {
                if (open.empty() || open.back() != tag->name) return fail(tag->begin, fmt::format("</{}> closes nothing here", tag->name));
                open.pop_back();
                if (found && open.empty()) {
                    found->content_end = tag->begin;
                    return found;
                }
                continue;
            }
            if (found) found->has_children = true;
            if (!found && open.empty() && tag->name == name) {
                found = Element{.open = *tag, .content_end = tag->end, .has_children = false};
                if (tag->kind == TagKind::self_closing) return found;
            }
            if (tag->kind == TagKind::open) open.push_back(tag->name);
        }
        if (!open.empty()) return fail(end, fmt::format("<{}> is never closed", open.back()));
        return found;
    }

    std::string line_indent(std::size_t at) const {
        const auto feed = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
        const auto start = feed == std::string::npos ? 0 : feed + 1;
        const auto end = std::min(text_.find_first_not_of(" \t", start), at);
        return text_.substr(start, end - start);
    }

    // Puts an empty element path[depth] into its parent, or makes it the root.
    Result<Success, EditError> add_element(const std::optional<Element>& parent, const std::vector<std::string>& path, std::size_t depth) {
        const auto& name = path[depth];
        const auto* feed = text_.find("\r\n") == std::string::npos ? "\n" : "\r\n";
        if (!parent) {
            TRY_OK(check_no_root(name));
            if (!text_.empty() && !text_.ends_with('\n')) text_ += feed;
            text_ += fmt::format("<{}></{}>{}", name, name, feed);
            return Success{};
        }
        const auto outer = line_indent(parent->open.begin);
        const auto added = fmt::format("{}  <{}></{}>{}{}", outer, name, name, feed, outer);
        if (parent->open.kind == TagKind::self_closing) {
            open_up(*parent, feed + added);
            return Success{};
        }
        const auto content = std::string_view(text_).substr(parent->open.end, parent->content_end - parent->open.end);
        if (!parent->has_children && !trimmed(content).empty() && trimmed(content).find('<') == std::string_view::npos) {
            return fail(parent->open.begin, fmt::format("this element holds a text, so '{}' cannot be added to it", name));
        }
        const auto blank = content.find_last_not_of(" \t");
        const bool at_line_start = blank != std::string_view::npos && content[blank] == '\n';
        const auto at = at_line_start ? parent->open.end + blank + 1 : parent->content_end;
        text_.replace(at, parent->content_end - at, (at_line_start ? "" : feed) + added);
        return Success{};
    }

    Result<Success, EditError> check_no_root(const std::string& name) const {
        for (std::size_t at = 0;;) {
            TRY(tag, next_tag(at, text_.size()));
            if (!tag) return Success{};
            if (tag->kind != TagKind::other) return fail(tag->begin, fmt::format("the document's element is <{}>, not <{}>", tag->name, name));
            at = tag->end;
        }
    }

    // <a/> becomes <a>content</a>.
    void open_up(const Element& element, const std::string& content) {
        const auto name = std::string(element.open.name);
        auto slash = element.open.end - 2;
        while (slash > 0 && is_space(text_[slash - 1])) --slash;
        text_.replace(slash, element.open.end - slash, fmt::format(">{}</{}>", content, name));
    }

    Result<std::string, EditError> set_text(const Element& element, const std::string& name, const std::string& value) {
        if (element.has_children) return fail(element.open.begin, fmt::format("'{}' holds other elements, not a single value", name));
        if (element.open.kind == TagKind::self_closing) {
            if (!value.empty()) open_up(element, escaped(value));
        } else {
            text_.replace(element.open.end, element.content_end - element.open.end, escaped(value));
        }
        return std::move(text_);
    }

    Result<std::string, EditError> set_attribute(const Element& element, const std::string& attribute, const std::string& value) {
        const auto stop = element.open.end - 1;
        auto at = element.open.begin + 1 + element.open.name.size();
        while (at < stop) {
            while (at < stop && (is_space(text_[at]) || text_[at] == '/')) ++at;
            const auto name_at = at;
            while (at < stop && text_[at] != '=' && !is_space(text_[at]) && text_[at] != '/') ++at;
            const auto name = std::string_view(text_).substr(name_at, at - name_at);
            while (at < stop && is_space(text_[at])) ++at;
            if (at >= stop) break;
            if (text_[at] != '=') return fail(at, "this attribute has no value");
            for (++at; at < stop && is_space(text_[at]);) ++at;
            const char quote = text_[at];
            if (quote != '"' && quote != '\'') return fail(at, "an attribute's value stands in quotation marks");
            const auto end = text_.find(quote, at + 1);
            if (name == attribute) {
                text_.replace(at + 1, end - at - 1, escaped(value));
                return std::move(text_);
            }
            at = end + 1;
        }
        text_.insert(element.open.begin + 1 + element.open.name.size(), fmt::format(" {}=\"{}\"", attribute, escaped(value)));
        return std::move(text_);
    }

    std::string text_;
};

}  // namespace

Result<std::string, EditError> edit_xml(std::string_view content, const Edit& edit) {
    const auto value = one_line(edit.value);
    if (!value) return std::unexpected(not_one_line(edit));
    return XmlEditor(content).set(edit, *value);
}

}  // namespace gk::catalog
