#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/edit/edit.hpp"
#include "domain/catalog/edit/lines.hpp"
#include "domain/catalog/edit/scalars.hpp"

// Console scripts of the Quake and Source family and of teeworlds: `sv_name "text"` on each line, run as commands when the game starts.
// A key may have several words ("set sv_hostname"). There is no escape that all of these games know, so quotation marks and backslashes
// are refused; a ';' within quotation marks begins no second command in any of them.
namespace gk::catalog {
namespace {

Result<std::string, EditError> quoted(const Edit& edit) {
    if (const auto* flag = edit.value.as_bool()) return *flag ? "1" : "0";
    auto text = one_line(edit.value);
    if (!text) return std::unexpected(not_one_line(edit));
    if (edit.value.as_string() == nullptr) return std::move(*text);
    if (text->find_first_of("\"\\") != std::string::npos) {
        return std::unexpected(
            EditError{0, fmt::format("the value of '{}' holds a quotation mark or a backslash, which this format cannot keep", edit.path.back())});
    }
    return fmt::format("\"{}\"", *text);
}

// Where the value begins in a line that sets `key`, or nothing.
std::optional<std::size_t> value_of(std::string_view line, std::string_view key) {
    const auto start = indent_of(line);
    const auto rest = line.substr(start);
    if (!rest.starts_with(key)) return std::nullopt;
    const auto behind = rest.substr(key.size());
    if (behind.empty()) return line.size();
    if (behind.front() != ' ' && behind.front() != '\t') return std::nullopt;
    return start + key.size() + indent_of(behind);
}

}  // namespace

Result<std::string, EditError> edit_cfg(std::string_view content, const Edit& edit) {
    TRY(value, quoted(edit));
    const auto& key = edit.path.front();
    Lines lines(content);
    bool found = false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto at = value_of(lines[i], key);
        if (!at) continue;
        const auto head = lines[i].substr(0, *at);
        lines.replace(i, head + (head.ends_with(' ') || head.ends_with('\t') ? "" : " ") + value);
        found = true;
    }
    if (!found) lines.insert(lines.size(), key + " " + value);
    return lines.text();
}

}  // namespace gk::catalog
