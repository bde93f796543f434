#pragma once

#include <cstdint>
#include <string>

#include "base/value.hpp"

namespace gk {

// A game definition that people declare beside the files: on a cluster, a Game.
struct GameDeclaration {
    std::string name;
    std::int64_t generation = 0;  // Grows with every change of the definition.
    Value definition;             // As in a file (docs/formats/game.md); it may leave its name out.
    Value accepted;               // The last one that was right, as it was kept; null: none was.
};

// What a look at one has come to.
struct GameVerdict {
    std::string refused;  // What is wrong with it, as sentences; empty: it counts.
    std::string missing;  // Why it counts and cannot run here all the same, as a sentence with the cure.
    Value accepted;       // What is to be kept: the definition that counts now; null: none of this declaration does.
    bool operator==(const GameVerdict&) const = default;
};

}  // namespace gk
