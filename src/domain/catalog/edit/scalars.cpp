#include "domain/catalog/edit/scalars.hpp"

#include <fmt/format.h>

#include "domain/catalog/names.hpp"
#include "domain/catalog/placeholder.hpp"

namespace gk::catalog {

std::optional<std::string> one_line(const Value& value) {
    auto text = plain_text(value);
    return has_control_characters(text) ? std::nullopt : std::optional(std::move(text));
}

EditError not_one_line(const Edit& edit) {
    return {0, fmt::format("the value of '{}' holds line breaks or other control characters, which this format cannot keep", edit.path.back())};
}

}  // namespace gk::catalog
