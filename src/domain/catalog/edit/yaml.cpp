#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/edit/edit.hpp"
#include "domain/catalog/edit/lines.hpp"

// Block-style YAML, line by line, which is how games and their owners write it: a parser and a printer would lose every comment. What this
// cannot change safely (flow objects, texts over several lines) is refused with its line.
namespace gk::catalog {
namespace {

struct Key {
    std::string name;
    std::size_t end = 0;  // Behind the ':'.
};

bool is_content(std::string_view line) {
    const auto text = trimmed(line);
    return !text.empty() && text.front() != '#';
}

bool is_item(std::string_view line) {
    const auto text = trimmed(line);
    return text == "-" || text.starts_with("- ") || text.starts_with("-\t");
}

// The end of a quoted scalar that begins at `at`, or npos when it is not closed in this line.
std::size_t quoted_end(std::string_view line, std::size_t at) {
    const char quote = line[at];
    for (auto i = at + 1; i < line.size(); ++i) {
        const bool is_doubled = quote == '\'' && line.substr(i).starts_with("''");
        if (is_doubled || (quote == '"' && line[i] == '\\')) ++i;
        else if (line[i] == quote) return i + 1;
    }
    return std::string_view::npos;
}

// A comment begins with a '#' behind a blank.
std::size_t comment_at(std::string_view line, std::size_t from) {
    for (auto i = from; i < line.size(); ++i) {
        if (line[i] == '#' && i > 0 && (line[i - 1] == ' ' || line[i - 1] == '\t')) return i;
    }
    return line.size();
}

std::optional<Key> key_of(std::string_view line) {
    const auto start = indent_of(line);
    // Flow objects, anchors, tags, directives and the like begin with one of these; a plain key never does.
    if (start == line.size() || std::string_view("{}[],&*!|>%@`?").contains(line[start])) return std::nullopt;
    const bool is_quoted = line[start] == '"' || line[start] == '\'';
    auto end = is_quoted ? quoted_end(line, start) : start;
    if (end == std::string_view::npos) return std::nullopt;
    while (end < line.size() && !(line[end] == ':' && (end + 1 == line.size() || line[end + 1] == ' ' || line[end + 1] == '\t'))) {
        if (is_quoted && line[end] != ' ') return std::nullopt;
        if (line[end] == '#' && end > start && (line[end - 1] == ' ' || line[end - 1] == '\t')) return std::nullopt;
        ++end;
    }
    if (end >= line.size()) return std::nullopt;
    auto name = trimmed(line.substr(start, end - start));
    if (is_quoted) name = name.substr(1, name.size() - 2);
    return Key{std::string(name), end + 1};
}

std::string key_text(const std::string& name) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    };
    const bool begins_plain = !name.empty() && ((name.front() | 0x20) >= 'a' && (name.front() | 0x20) <= 'z');
    // A name such as "true" or "null" would be no text any more.
    const bool is_word = name == "true" || name == "false" || name == "null" || name == "yes" || name == "no" || name == "on" || name == "off";
    if (begins_plain && !is_word && std::ranges::all_of(name, plain)) return name;
    std::string out;
    append_json_string(out, name);
    return out;
}

// What YAML 1.1 readers take for the end of a line besides LF and CRLF, and what some of them refuse to see.
constexpr auto odd_characters = std::to_array<std::pair<std::string_view, std::string_view>>({{"\r", "\\r"},
                                                                                              {"\x7f", "\\u007f"},
                                                                                              {"\xc2\x85", "\\u0085"},
                                                                                              {"\xe2\x80\xa8", "\\u2028"},
                                                                                              {"\xe2\x80\xa9", "\\u2029"},
                                                                                              {"\xef\xbb\xbf", "\\ufeff"}});

// JSON's scalars are YAML's, once those characters are escaped too.
std::string scalar_text(const Value& value) {
    auto out = to_json(value);
    for (const auto& [character, escape] : odd_characters) {
        for (auto at = out.find(character); at != std::string::npos; at = out.find(character, at + escape.size()))
            out.replace(at, character.size(), escape);
    }
    return out;
}

class YamlEditor {
public:
    explicit YamlEditor(std::string_view content) : lines_(content) {}

    Result<std::string, EditError> set(const Edit& edit) {
        std::size_t first = 0;
        std::size_t last = lines_.size();
        TRY_OK(check_document(first));
        std::optional<std::size_t> parent_indent;
        for (std::size_t depth = 0; depth < edit.path.size(); ++depth) {
            const auto indent = indent_of_block(first, last);
            if (!indent) return insert(last_content(first, last), child_indent(parent_indent), edit, depth);
            TRY_OK(check_block(first, last, *indent));
            const auto at = find(first, last, *indent, edit.path[depth]);
            if (!at) return insert(last_content(first, last), *indent, edit, depth);
            const auto end = end_of_value(*at, last, *indent);
            if (depth + 1 == edit.path.size()) return replace(*at, end, edit);
            TRY_OK(open_for_children(*at));
            first = *at + 1;
            last = end;
            parent_indent = indent;
        }
        return fail(0, "the path is empty");
    }

private:
    static std::unexpected<EditError> fail(std::size_t at, std::string message) {
        return std::unexpected(EditError{static_cast<int>(at) + 1, std::move(message)});
    }

    // Moves `first` behind the line that begins the document.
    Result<Success, EditError> check_document(std::size_t& first) const {
        bool begun = false;
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            if (lines_[i].find('\t') < lines_[i].find_first_not_of(" \t")) return fail(i, "YAML is never indented with tabs");
            for (const auto& [character, escape] : odd_characters) {
                if (lines_[i].find(character) != std::string::npos)
                    return fail(i, fmt::format("this line holds the character {}, which ends lines in some readers", escape));
            }
            if (!is_content(lines_[i])) continue;
            const bool is_start = trimmed(lines_[i]) == "---" || lines_[i].starts_with("--- #");
            if (is_start && !begun) first = i + 1;
            else if (lines_[i].starts_with("---") || lines_[i].starts_with("..."))
                return fail(i, "only files with a single, plain document can be changed");
            begun = true;
        }
        return Success{};
    }

    std::optional<std::size_t> indent_of_block(std::size_t first, std::size_t last) const {
        for (auto i = first; i < last; ++i) {
            if (is_content(lines_[i])) return indent_of(lines_[i]);
        }
        return std::nullopt;
    }

    static std::size_t child_indent(std::optional<std::size_t> parent) { return parent ? *parent + 2 : 0; }

    // The lines of a block begin with keys; what is indented further belongs to the key above, and so does a list at the same indentation.
    Result<Success, EditError> check_block(std::size_t first, std::size_t last, std::size_t indent) const {
        bool is_first = true;
        for (auto i = first; i < last; ++i) {
            if (!is_content(lines_[i]) || (!is_first && indent_of(lines_[i]) > indent)) continue;
            if (is_item(lines_[i])) {
                if (is_first) return fail(i, "a list stands here; its items cannot be set by name");
            } else if (indent_of(lines_[i]) != indent || !key_of(lines_[i])) {
                return fail(i, "this is no 'key: value' line, which is all that can be changed here");
            }
            is_first = false;
        }
        return Success{};
    }

    std::optional<std::size_t> find(std::size_t first, std::size_t last, std::size_t indent, const std::string& name) const {
        for (auto i = first; i < last; ++i) {
            if (!is_content(lines_[i]) || indent_of(lines_[i]) != indent) continue;
            const auto key = key_of(lines_[i]);
            if (key && key->name == name) return i;
        }
        return std::nullopt;
    }

    // The line behind everything that belongs to the key at `at`; a list may stand at the key's own indentation.
    std::size_t end_of_value(std::size_t at, std::size_t last, std::size_t indent) const {
        auto end = at + 1;
        for (auto i = at + 1; i < last; ++i) {
            if (!is_content(lines_[i])) continue;
            if (indent_of(lines_[i]) <= indent && !(indent_of(lines_[i]) == indent && is_item(lines_[i]))) break;
            end = i + 1;
        }
        return end;
    }

    std::size_t last_content(std::size_t first, std::size_t last) const {
        auto end = first;
        for (auto i = first; i < last; ++i) {
            if (!trimmed(lines_[i]).empty()) end = i + 1;
        }
        return end;
    }

    // What stands behind the ':' of a line, without its comment.
    std::string_view inline_value(std::size_t at) const {
        const std::string_view line = lines_[at];
        const auto from = key_of(line)->end;
        auto start = from + indent_of(line.substr(from));
        if (start < line.size() && (line[start] == '"' || line[start] == '\'')) {
            const auto end = quoted_end(line, start);
            return line.substr(start, end == std::string_view::npos ? line.size() - start : end - start);
        }
        return trimmed(line.substr(from, comment_at(line, from) - from));
    }

    Result<Success, EditError> open_for_children(std::size_t at) {
        const auto value = inline_value(at);
        if (value.empty()) return Success{};
        if (value != "{}" && value != "null" && value != "~") return fail(at, "this key has a value in its own line, so nothing can be set below it");
        lines_.replace(at, lines_[at].substr(0, key_of(lines_[at])->end));
        return Success{};
    }

    Result<std::string, EditError> replace(std::size_t at, std::size_t end, const Edit& edit) {
        const auto value = inline_value(at);
        const bool is_block_text = value.starts_with('|') || value.starts_with('>');
        if (end > at + 1 && !is_block_text)
            return fail(at, fmt::format("'{}' has a value of several lines, which cannot be replaced safely", edit.path.back()));
        if ((value.starts_with('{') && value != "{}") || (value.starts_with('[') && value != "[]")) {
            return fail(at, fmt::format("'{}' is an object or a list, not a single value", edit.path.back()));
        }
        const std::string_view line = lines_[at];
        const auto key_end = key_of(line)->end;
        const auto value_at = value.empty() ? key_end : static_cast<std::size_t>(value.data() - line.data());
        const auto head = std::string(line.substr(0, value_at));
        const auto tail = std::string(line.substr(value_at + value.size()));
        lines_.replace(at, head + (head.ends_with(' ') ? "" : " ") + scalar_text(edit.value) + tail);
        lines_.erase(at + 1, end);
        return lines_.text();
    }

    Result<std::string, EditError> insert(std::size_t at, std::size_t indent, const Edit& edit, std::size_t depth) {
        for (auto i = depth; i < edit.path.size(); ++i, indent += 2) {
            auto line = std::string(indent, ' ') + key_text(edit.path[i]) + ":";
            if (i + 1 == edit.path.size()) line += " " + scalar_text(edit.value);
            lines_.insert(at++, std::move(line));
        }
        return lines_.text();
    }

    Lines lines_;
};

}  // namespace

Result<std::string, EditError> edit_yaml(std::string_view content, const Edit& edit) { return YamlEditor(content).set(edit); }

}  // namespace gk::catalog
