#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/catalog/game.hpp"
#include "domain/server/record.hpp"

// Secret settings whose value stands somewhere else (server::SecretPlace).
namespace gk::catalog {

// What is wrong with a document that says where a value is; `pointer` is that of the setting.
std::optional<FieldError> problem_with_place(const Setting& setting, const Value& value, const std::string& pointer);
// Settings whose value is not where the record says, or is not one that the definition allows. Pointers begin with "/settings".
std::vector<FieldError> validate_secrets(const Game& game, const server::Record& record);

}  // namespace gk::catalog
