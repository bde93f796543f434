#include <optional>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/edit/edit.hpp"
#include "domain/catalog/edit/lines.hpp"
#include "domain/catalog/edit/scalars.hpp"

// "key = value" below "[section]" lines, with comments after '#' or ';'. Minetest's dialect is understood too: a value that begins with
// three quotation marks goes on to the next three, and one that is "{" to the line "}"; what stands within is never taken for a key.
namespace gk::catalog {
namespace {

constexpr std::string_view triple = "\"\"\"";

struct Entry {
    std::string_view key;
    std::string_view value;
    std::size_t value_at = 0;  // In the line, behind the '=' and the blanks that follow it.
};

std::optional<Entry> entry_of(std::string_view line) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto key = trimmed(line.substr(0, equals));
    if (key.empty() || key.front() == '#' || key.front() == ';' || key.front() == '[') return std::nullopt;
    return Entry{key, trimmed(line.substr(equals + 1)), equals + 1 + indent_of(line.substr(equals + 1))};
}

std::optional<std::string_view> section_of(std::string_view line) {
    const auto text = trimmed(line);
    if (!text.starts_with('[') || !text.ends_with(']')) return std::nullopt;
    return trimmed(text.substr(1, text.size() - 2));
}

// The line behind the value that begins at line `at`.
std::size_t end_of_value(const Lines& lines, std::size_t at, std::string_view value) {
    if (value == "{") {
        std::size_t depth = 1;
        for (std::size_t i = at + 1; i < lines.size(); ++i) {
            if (trimmed(lines[i]).ends_with('{')) ++depth;
            if (trimmed(lines[i]) == "}" && --depth == 0) return i + 1;
        }
    }
    if (value.starts_with(triple) && value.find(triple, triple.size()) == std::string_view::npos) {
        for (std::size_t i = at + 1; i < lines.size(); ++i) {
            if (trimmed(lines[i]).ends_with(triple)) return i + 1;
        }
    }
    return at + 1;
}

class IniEditor {
public:
    explicit IniEditor(std::string_view content) : lines_(content) {}

    std::string set(std::string_view section, std::string_view key, const std::string& value) {
        std::string_view current;
        bool in_section = section.empty();
        bool section_seen = section.empty();
        bool found = false;
        std::size_t insert_at = 0;  // Behind the last line of the section that is not blank.
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            if (const auto name = section_of(lines_[i])) {
                current = *name;
                in_section = current == section;
                section_seen |= in_section;
                if (in_section) insert_at = i + 1;
                continue;
            }
            const auto entry = entry_of(lines_[i]);
            const auto end = entry ? end_of_value(lines_, i, entry->value) : i + 1;
            if (entry) note_style(*entry, lines_[i]);
            if (in_section && entry && entry->key == key) {
                write_value(i, end, *entry, value);
                found = true;
            } else {
                i = end - 1;
            }
            if (in_section && !trimmed(lines_[i]).empty()) insert_at = i + 1;
        }
        if (found) return lines_.text();
        if (!section_seen) insert_at = add_section(section);
        lines_.insert(insert_at, std::string(key) + separator_.value_or("=") + value);
        return lines_.text();
    }

private:
    void write_value(std::size_t at, std::size_t end, const Entry& entry, const std::string& value) {
        auto head = lines_[at].substr(0, entry.value_at);
        if (entry.value.empty() && separator_ && separator_->ends_with(' ') && !head.ends_with(' ')) head += ' ';
        lines_.replace(at, head + value);
        lines_.erase(at + 1, end);
    }

    // New keys look like the first one there is: "a=b" or "a = b".
    void note_style(const Entry& entry, std::string_view line) {
        if (separator_ || entry.value.empty()) return;
        const auto key_end = line.find(entry.key) + entry.key.size();
        separator_ = std::string(line.substr(key_end, entry.value_at - key_end));
    }

    std::size_t add_section(std::string_view section) {
        if (lines_.size() > 0 && !trimmed(lines_[lines_.size() - 1]).empty()) lines_.insert(lines_.size(), "");
        lines_.insert(lines_.size(), fmt::format("[{}]", section));
        return lines_.size();
    }

    Lines lines_;
    std::optional<std::string> separator_;
};

}  // namespace

Result<std::string, EditError> edit_ini(std::string_view content, const Edit& edit) {
    const auto value = one_line(edit.value);
    if (!value) return std::unexpected(not_one_line(edit));
    const auto& key = edit.path.back();
    if (value->starts_with(triple) || trimmed(*value) == "{") {
        return std::unexpected(EditError{0, fmt::format("the value of '{}' would begin a text of several lines", key)});
    }
    return IniEditor(content).set(edit.path.size() > 1 ? edit.path.front() : std::string_view(), key, *value);
}

}  // namespace gk::catalog
