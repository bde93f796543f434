#include <fmt/format.h>

#include "domain/catalog/edit/edit.hpp"
#include "domain/catalog/edit/lines.hpp"
#include "domain/catalog/placeholder.hpp"

// Java's .properties files, as java.util.Properties reads them: "key=value", "key: value" or "key value"; comments begin with '#' or '!';
// a backslash escapes, and at the end of a line continues it.
namespace gk::catalog {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

bool continues(std::string_view line) {
    const auto end = line.find_last_not_of('\\');
    const auto backslashes = line.size() - (end == std::string_view::npos ? 0 : end + 1);
    return backslashes % 2 == 1;
}

// The parts of a line that names a key: where the key ends, and where the value begins.
struct Entry {
    std::string key;  // Unescaped.
    std::size_t key_end = 0;
    std::size_t value = 0;
};

Entry entry_of(std::string_view line) {
    Entry out;
    std::size_t at = 0;
    while (at < line.size() && is_blank(line[at])) ++at;
    for (; at < line.size() && !is_blank(line[at]) && line[at] != '=' && line[at] != ':'; ++at) {
        if (line[at] == '\\' && at + 1 < line.size()) ++at;
        out.key += line[at];
    }
    out.key_end = at;
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at < line.size() && (line[at] == '=' || line[at] == ':')) ++at;
    while (at < line.size() && is_blank(line[at])) ++at;
    out.value = at;
    return out;
}

// Readers before Java 9 take these files as Latin-1, so everything beyond ASCII is written as \uXXXX.
void append_escaped_unit(std::string& out, unsigned unit) { fmt::format_to(std::back_inserter(out), "\\u{:04x}", unit); }

void append_code_point(std::string& out, unsigned code) {
    if (code < 0x10000) return append_escaped_unit(out, code);
    append_escaped_unit(out, 0xD800 + ((code - 0x10000) >> 10));
    append_escaped_unit(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
}

// The code point that begins at `at` in valid UTF-8, and moves `at` to its last byte.
unsigned code_point(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const unsigned lead = byte(at);
    const unsigned more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    unsigned code = lead & (0x3Fu >> more);
    for (unsigned i = 0; i < more; ++i) code = (code << 6) | (byte(++at) & 0x3F);
    return code;
}

std::string escaped(std::string_view text, bool is_key) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        switch (c) {
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        case '\f': out += "\\f"; break;
        case ' ': out += is_key || i == 0 ? "\\ " : " "; break;
        case '=':
        case ':':
        case '#':
        case '!':
            if (is_key) out += '\\';
            out += c;
            break;
        default:
            if (static_cast<unsigned char>(c) >= 0x80) append_code_point(out, code_point(text, i));
            else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) append_escaped_unit(out, static_cast<unsigned char>(c));
            else out += c;
        }
    }
    return out;
}

bool is_comment(std::string_view line) {
    const auto at = line.find_first_not_of(" \t\f");
    return at == std::string_view::npos || line[at] == '#' || line[at] == '!';
}

}  // namespace

Result<std::string, EditError> edit_properties(std::string_view content, const Edit& edit) {
    const auto& key = edit.path.front();
    const auto value = escaped(plain_text(edit.value), false);
    Lines lines(content);
    bool found = false;
    bool ends_open = false;  // The last line asks for one that continues it.
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (is_comment(lines[i])) continue;
        auto end = i + 1;  // Behind the lines that continue this one.
        while (end < lines.size() && continues(lines[end - 1])) ++end;
        ends_open = end == lines.size() && continues(lines[end - 1]);
        if (const auto entry = entry_of(lines[i]); entry.key == key) {
            const auto separator = entry.value == entry.key_end ? "=" : lines[i].substr(entry.key_end, entry.value - entry.key_end);
            lines.replace(i, lines[i].substr(0, entry.key_end) + separator + value);
            lines.erase(i + 1, end);
            found = true;
        } else {
            i = end - 1;
        }
    }
    if (found) return lines.text();
    if (ends_open) lines.insert(lines.size(), "");
    lines.insert(lines.size(), escaped(key, true) + "=" + value);
    return lines.text();
}

}  // namespace gk::catalog
