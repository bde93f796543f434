#pragma once

#include <string>
#include <string_view>

#include "base/id.hpp"

// What things are called in a cluster. Labels and annotations of ours carry our prefix; object names are derived from the server's id, in the
// namespace that is its space.
namespace gk::kubernetes {

inline constexpr std::string_view group = "gamekeeper.dev";
inline constexpr std::string_view group_version = "gamekeeper.dev/v1alpha1";

// On everything that belongs to a server: its uid, and its id for people's selectors.
inline constexpr std::string_view server_label = "gamekeeper.dev/server";
inline constexpr std::string_view name_label = "gamekeeper.dev/name";
inline constexpr std::string_view manager_label = "app.kubernetes.io/managed-by";
inline constexpr std::string_view manager = "gamekeeper";
// "true" on a Secret whose values people let settings name: who may write GameServers need not be allowed to read every Secret beside them.
inline constexpr std::string_view settings_label = "gamekeeper.dev/settings";
// On claims: "live" or "staged".
inline constexpr std::string_view world_label = "gamekeeper.dev/world";
// On a GameServer: kubectl delete waits until the world is saved.
inline constexpr std::string_view finalizer = "gamekeeper.dev/world";

// StatefulSet, Service and Secret of a server; a prefix, because ids may begin with a digit and Services may not.
inline std::string object_name(std::string_view id) { return "gs-" + std::string(id); }
inline std::string pod_name(std::string_view id) { return object_name(id) + "-0"; }

// Where an idle shim listens in its pod.
inline constexpr int shim_port = 9401;

}  // namespace gk::kubernetes
