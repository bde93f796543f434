#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/catalog/catalog.hpp"

namespace gk::programs {

// The definitions that the program carries, and on top of them the *.yaml files of `folder` (which may be missing). Every error of every
// file at once, as "file:line:column: ..." lines.
Result<catalog::Catalog, std::vector<std::string>> load_games(const std::string& folder);

// One definition file; `name` is for the error lines.
Result<catalog::Game, std::vector<std::string>> read_game(std::string_view yaml, std::string_view name);

}  // namespace gk::programs
