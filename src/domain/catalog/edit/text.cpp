#include <fmt/format.h>

#include "domain/catalog/edit/edit.hpp"
#include "domain/catalog/edit/lines.hpp"
#include "domain/catalog/edit/scalars.hpp"

namespace gk::catalog {

Result<std::string, EditError> edit_text(std::string_view content, const Edit& edit) {
    const auto& beginning = edit.path.front();
    const auto line = one_line(edit.value);
    if (!line) return std::unexpected(not_one_line(edit));
    // Otherwise repeating the edit would add the line again.
    if (!line->starts_with(beginning)) return std::unexpected(EditError{0, fmt::format("the new line does not begin with '{}'", beginning)});
    Lines lines(content);
    bool found = false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!lines[i].starts_with(beginning)) continue;
        lines.replace(i, *line);
        found = true;
    }
    if (!found) lines.insert(lines.size(), *line);
    return lines.text();
}

}  // namespace gk::catalog
