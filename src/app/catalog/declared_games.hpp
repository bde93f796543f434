#pragma once

#include <functional>
#include <string>

#include "domain/catalog/catalog.hpp"
#include "ports/game_declaration.hpp"

namespace gk::app {

// Brings declared games into the catalogue. A declared one takes the place of a file's and of a shipped one of its name. One that is wrong changes
// nothing: the last right one goes on counting, also after a restart.
class DeclaredGames {
public:
    // Why a game cannot run here; empty: it can.
    using Missing = std::function<std::string(const catalog::Game&)>;
    DeclaredGames(catalog::Catalog& games, Missing missing) : games_(games), missing_(std::move(missing)) {}

    GameVerdict take(const GameDeclaration& declaration);
    // It is not declared any more: what it stood in front of is back.
    void drop(const std::string& name) { games_.retract(name); }

private:
    catalog::Catalog& games_;
    Missing missing_;
};

}  // namespace gk::app
