#pragma once

#include "base/value.hpp"
#include "programs/manifests/structural.hpp"

namespace gk::programs {

// The kind Fleet: its spec is what PUT /v1/fleets takes.
Value fleet_definition(const StructuralSchemas& api);

}  // namespace gk::programs
