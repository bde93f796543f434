#pragma once

#include <optional>
#include <string>

#include "domain/catalog/edit/edit.hpp"

namespace gk::catalog {

// The value as text for formats that cannot escape: nothing when it would not stay one line.
std::optional<std::string> one_line(const Value& value);
EditError not_one_line(const Edit& edit);

}  // namespace gk::catalog
