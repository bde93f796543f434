#pragma once

#include <vector>

#include "base/value.hpp"

namespace gk::programs {

// The CustomResourceDefinitions of gamekeeper.dev/v1alpha1: GameServer (gs) and Game. `api` is api/openapi.yaml: the spec of a GameServer is the body
// of a create (ServerCreate) without what the object's metadata says, and `replicas` in place of `start`. `game_format` is
// docs/formats/game.schema.json, which a test compares with the reader of definitions. docs/adr/0017.
std::vector<Value> resource_definitions(const Value& api, const Value& game_format);

}  // namespace gk::programs
