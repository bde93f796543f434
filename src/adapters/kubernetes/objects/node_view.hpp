#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/enum_names.hpp"
#include "base/value.hpp"
#include "domain/operation/operation.hpp"

// What a Node says, read once, and what its state means for the worlds on it. Pure.
namespace gk::kubernetes {

// Whether a node's silence is known to be death (contract section 9). Only then may what ran there run elsewhere: one that is merely cut off still
// writes its disks.
//   dead: the Node was deleted, or bears the taint node.kubernetes.io/out-of-service, which a person has set (`gamekeeper node confirm-dead NAME`) or
//         the cloud.
enum class NodeState : std::uint8_t { up, unreachable, dead };
inline constexpr auto node_state_names = std::to_array<std::string_view>({"up", "unreachable", "dead"});
constexpr std::span<const std::string_view> names_of(NodeState) { return node_state_names; }

inline constexpr std::string_view out_of_service = "node.kubernetes.io/out-of-service";
// Who said that the node is dead, and when; the proof itself is the taint.
inline constexpr std::string_view confirmed_dead_annotation = "gamekeeper.dev/confirmed-dead";

// Null: there is no such Node.
NodeState node_state(const Value* node);
// It is to be emptied: kubectl cordon, and drain, which begins with it.
bool is_cordoned(const Value& node);
// The address of a Node for people: ExternalIP, ExternalDNS or InternalIP, the first that it has; empty: none.
std::string node_address(const Value& node);
// As a merge patch on top of the version that was read: the taint that lets the cluster give up what was there, and who asked for it.
Value confirm_dead_patch(const Value& node, std::string_view note);

// The only node on which a PersistentVolume can be used; none: it is no disk of a single node. Several names are no single one.
std::optional<std::string> node_of_volume(const Value& volume);

// For people.
Problem unreachable_problem(std::string_view node);
Problem dead_problem(std::string_view node);
Problem cordoned_problem(std::string_view node);

}  // namespace gk::kubernetes
