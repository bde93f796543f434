#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"
#include "base/value.hpp"
#include "ports/runtime.hpp"
#include "wire/kubernetes/object.hpp"
#include "wire/kubernetes/store.hpp"

// The claims of a server's world (docs/adr/0014): gs-ID-N, labelled live or staged. Of several live ones the highest N counts: a commit relabels the
// staged one, and what it replaces is removed after.
namespace gk::kubernetes {

enum class World : std::uint8_t { live, staged };
inline constexpr auto world_names = std::to_array<std::string_view>({"live", "staged"});
constexpr std::span<const std::string_view> names_of(World) { return world_names; }

struct Claim {
    std::string name;
    std::string object_uid;
    int number = 0;
    World world = World::live;
    bool is_leaving = false;  // Deleted, and held by a pod or its volume.
    bool is_lost = false;     // Its volume is gone: nothing can be read from it.
    std::string volume = {};  // The PersistentVolume that it has; empty: none yet.
};

// Every claim of a server, lowest number first.
std::vector<Claim> claims_of(const wire::kubernetes::Store& store, ServerUid uid, const wire::kubernetes::ObjectKey& server);
// The one that is in force; none when it is leaving or lost.
std::optional<Claim> live_claim(const std::vector<Claim>& claims);
std::optional<Claim> staged_claim(const std::vector<Claim>& claims);
// Claims that were live before the one that is in force, and those whose volume is lost.
std::vector<Claim> stale_claims(const std::vector<Claim>& claims);
int next_number(const std::vector<Claim>& claims);

struct NewClaim {
    ServerUid uid;
    wire::kubernetes::ObjectKey server;
    int number = 0;
    World world = World::live;
    MebiBytes size;
    std::string storage_class;  // Empty: the cluster's own default.
    Epoch epoch{};
};
std::string claim_name(std::string_view id, int number);
Value claim(const NewClaim& wish);
// As a merge patch: the staged claim becomes a live one.
Value claim_commit(Epoch epoch);

}  // namespace gk::kubernetes
