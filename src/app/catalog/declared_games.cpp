#include "app/catalog/declared_games.hpp"

#include <utility>

#include <fmt/format.h>

namespace gk::app {
namespace {

using Read = Result<catalog::Game, std::string>;

std::string sentences(const std::vector<FieldError>& errors) {
    std::string out;
    for (const auto& error : errors)
        out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", error.pointer.empty() ? "/" : error.pointer, error.detail);
    return out;
}

// The declaration's name is the game's.
Read read(const std::string& name, Value definition) {
    if (definition.as_object() == nullptr) return std::unexpected(std::string("/: an object is expected here"));
    const auto* own = definition.find("name");
    if (own != nullptr && *own != Value(name)) return std::unexpected(fmt::format("/name: it is '{}' already, by the name of the object", name));
    definition.set("name", name);
    auto game = catalog::decode_game(definition);
    if (!game) return std::unexpected(sentences(game.error()));
    return std::move(*game);
}

}  // namespace

GameVerdict DeclaredGames::take(const GameDeclaration& declaration) {
    GameVerdict verdict;
    auto game = read(declaration.name, declaration.definition);
    if (game) {
        verdict.accepted = declaration.definition;
    } else {
        verdict.refused = std::move(game).error();
        game = read(declaration.name, declaration.accepted);
        if (game) verdict.accepted = declaration.accepted;
    }
    if (!game) {
        games_.retract(declaration.name);
        return verdict;
    }
    verdict.missing = missing_(*game);
    games_.declare(std::move(*game));
    return verdict;
}

}  // namespace gk::app
