#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "adapters/kubernetes/objects/pod.hpp"
#include "tls/noise/handshake.hpp"

// The pod of a match server: bare, because nothing may ever start it again, and without a claim (docs/adr/0025). Pure.
namespace gk::kubernetes {

// Its uid, on pods of match servers only: whoever looks after worlds does not see them.
inline constexpr std::string_view match_server_label = "gamekeeper.dev/match-server";
inline constexpr std::string_view match_component = "match";

struct MatchPod {
    const server::LaunchSpec& launch;  // `exposure` says whether its ports are those of its node.
    wire::kubernetes::ObjectKey pod;
    Value owner;                       // A reference to its Fleet, with which it goes; null: it has none.
};
// Labels for people: `app`, and by the launch's environment `session_id` (begun for that match) or `fleet` (begun ahead).
Value match_pod(const MatchPod& pod, const PodRules& rules);
std::optional<ServerUid> match_server_of(const Value& pod);
// Whether players come by ports of its node; else by its own address. Read from what match_pod() noted: copies of pods are without containers.
bool has_ports_of_its_node(const Value& pod);

// Keys of match servers' shims are derived from one that only the control plane has, by slot, so that no server needs a Secret of its own. Each
// pod sees the item of its slot alone. A slot has one server at a time.
noise::Key match_shim_key(ByteSpan master, std::uint32_t slot);
// The slot for which that pod has a key; nothing when it is no match server of ours.
std::optional<std::uint32_t> slot_of(const Value& pod);
// The Secret in which the key of this slot lies, with those of its neighbours; as an intent for a server-side apply.
Value match_keys(ByteSpan master, const std::string& space, std::uint32_t slot);
std::string match_keys_name(std::uint32_t slot);

}  // namespace gk::kubernetes
