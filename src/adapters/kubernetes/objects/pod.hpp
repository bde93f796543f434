#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/kubernetes/objects/names.hpp"
#include "base/units.hpp"
#include "base/value.hpp"
#include "domain/server/launch.hpp"
#include "domain/server/toleration.hpp"
#include "wire/kubernetes/object.hpp"

// A server's pod as the API wants it (docs/adr/0014): the game's image, gk-shim as the first process, the world's claim. Pure: the same arguments,
// the same document, so that a document that differs means a pod that must be another one.
namespace gk::kubernetes {

// What the cluster's configuration says of every pod.
struct PodRules {
    std::string shim_image;                 // From which gk-shim is copied beside foreign images.
    std::vector<std::string> pull_secrets;  // Names of Secrets, in the namespace of the game.
    Value node_selector = Value::object();  // As in a PodSpec; empty: any node.
    std::vector<server::Toleration> tolerations;
    std::uint32_t user = 61000;             // fsGroup of games, and uid and gid of those that name none: unprivileged, and of nobody else.
    MebiBytes scratch{256};                 // /tmp, and the shared folder.
    std::string priority_class;             // Empty: the cluster's default.
    std::string runtime_class;              // Likewise.
};

// Where things are in the pod.
inline constexpr std::string_view game_path = "/gk/volume/game";  // What was fetched for the game: a folder for each download.
inline constexpr std::string_view volume_path = "/gk/volume";  // The whole claim: data and log.
inline constexpr std::string_view run_path = "/gk/run";        // Outlives a restart of the container, not the pod.
inline constexpr std::string_view key_path = "/gk/key";
inline constexpr std::string_view shim_path = "/gk/bin/gk-shim";
inline constexpr std::string_view data_path = "/data";
inline constexpr std::string_view shared_path = "/gk/shared";  // Where init containers leave what the game is to find.
// The world in the claim.
inline constexpr std::string_view data_folder = "data";
// What the pod's template was made of, as an annotation: pods with another one are of another time.
inline constexpr std::string_view template_annotation = "gamekeeper.dev/template";
// What a pod with the server's label is for: only games have players and a StatefulSet.
inline constexpr std::string_view component_label = "app.kubernetes.io/component";
inline constexpr std::string_view game_component = "game";
inline constexpr std::string_view epoch_annotation = "gamekeeper.dev/epoch";

struct GamePod {
    const server::LaunchSpec& launch;
    wire::kubernetes::ObjectKey server;  // Space and id.
    std::string claim;  // Empty: what the game writes goes with the pod.
};
// The item of a Secret that holds the key of the pod's shim.
struct KeyItem {
    std::string secret;
    std::string item;
};

// "uid" and "name" labels, for everything that belongs to a server.
Value labels_of(ServerUid uid, std::string_view id);
// The pods that run a server's game, and none that work beside its world.
Value game_selector(ServerUid uid);
// What a game and its init containers find in their environment beside what the definition says: SERVER_PORT, RCON_PORT when there is such a
// port, and GK_SHARED, the shared folder, when there are init containers.
std::map<std::string, std::string> pod_variables(const server::LaunchSpec& launch);
// How long the kubelet waits after SIGTERM: the whole stop ladder, and some.
std::chrono::seconds grace_of(const std::vector<server::StopRung>& ladder);

// Whom a pod runs as that has to do with this game's world: always in our group, so that the volume is its own whoever that is. For a user but root
// within the Pod Security Standard "restricted".
Value security_of(const server::Image& game, const PodRules& rules);
// As in a PodSpec: those of the configuration, then those of the game's definition.
Value tolerations_of(const server::Image& game, const PodRules& rules);
// Where the pod may run and who may pull its images: as the configuration says, and where that says nothing of a label, the game's definition.
void set_placement(Value& pod_spec, const server::Image& game, const PodRules& rules);

// The pod's spec, with the shim's key from there.
Value pod_spec(const GamePod& pod, const PodRules& rules, const KeyItem& key);
// The template of the StatefulSet, with its template_annotation.
Value pod_template(const GamePod& pod, const PodRules& rules);
std::string template_mark(const Value& pod_template);
// The pod that the StatefulSet's controller makes of it, to ask whether it may be made.
Value bare_pod(const GamePod& pod, const PodRules& rules);

// As an intent for a server-side apply. Pods are replaced by us alone: at no time may a controller end a game.
Value stateful_set(const GamePod& pod, const PodRules& rules, int replicas, Epoch epoch);
// The same set without its pod: the fields that a pause changes.
Value stateful_set_scale(const wire::kubernetes::ObjectKey& server, int replicas, Epoch epoch);
}  // namespace gk::kubernetes
