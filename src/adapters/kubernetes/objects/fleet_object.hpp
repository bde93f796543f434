#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/decode.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/value.hpp"
#include "domain/fleet/fleet.hpp"
#include "wire/kubernetes/object.hpp"

// Fleet (gamekeeper.dev/v1alpha1) as documents: spec is what PUT /v1/fleets takes, status what has come of it. Pure.
namespace gk::kubernetes {

wire::kubernetes::Resource fleets();

// The fleet of a spec. Its generation is a digest of what makes servers servers of another kind, so that it is the same for whoever reads it.
Result<fleet::Fleet, std::vector<FieldError>> fleet_of(const std::string& name, const Value& spec);
Value spec_of(const fleet::Fleet& fleet);

// The fleet that counts: that of the spec, or of the last spec that was right.
struct FleetVerdict {
    std::optional<fleet::Fleet> accepted;
    std::string refused;  // Why the spec does not count, a sentence; empty: it does.
    bool operator==(const FleetVerdict&) const = default;
};
// `wrong` says what is wrong with a fleet's game, package and settings.
FleetVerdict judge(const Value& object, const std::function<std::vector<FieldError>(const fleet::Fleet&)>& wrong);

struct FleetCounts {
    std::uint32_t starting = 0;
    std::uint32_t ready = 0;
    std::uint32_t allocated = 0;
    std::string limit;  // As fleet::Plan says.
    bool operator==(const FleetCounts&) const = default;
};
// The object's status after a look at it.
Value fleet_status_with(const Value& object, const FleetVerdict& verdict, const FleetCounts& counts, Time now);

// For the servers of the fleet: they go with it.
Value owner_reference(const Value& object);

}  // namespace gk::kubernetes
