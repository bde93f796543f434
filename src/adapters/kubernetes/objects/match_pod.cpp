#include "adapters/kubernetes/objects/match_pod.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/service.hpp"
#include "net/json/json.hpp"
#include "tls/digest.hpp"

namespace gk::kubernetes {
namespace {

constexpr std::uint32_t slots_each_secret = 256;
constexpr std::string_view slot_annotation = "gamekeeper.dev/slot";
constexpr std::string_view app = "game-server";
constexpr std::int64_t silence_max_s = 60;

std::string_view variable(const server::LaunchSpec& launch, const std::string& name) {
    const auto at = launch.env.find(name);
    return at != launch.env.end() ? std::string_view(at->second) : std::string_view();
}

Value labels(const server::LaunchSpec& launch) {
    auto out = Value::object({{"app", app},
                              {std::string(match_server_label), launch.uid.text()},
                              {std::string(manager_label), manager},
                              {std::string(component_label), match_component}});
    const auto fleet = variable(launch, "FLEET");
    if (!fleet.empty()) out.set("fleet", fleet);
    else out.set("session_id", variable(launch, "SESSION_ID"));
    return out;
}

// A silent node is given up after a while, which ends its matches: nobody plays on in the dark for the five minutes that are usual.
Value with_limited_patience(Value tolerations) {
    for (const auto* trouble : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
        tolerations.as_array()->push_back(
            Value::object({{"key", trouble}, {"operator", "Exists"}, {"effect", "NoExecute"}, {"tolerationSeconds", silence_max_s}}));
    }
    return tolerations;
}

Value metadata(const MatchPod& pod) {
    // Also a cluster that shrinks waits until the match is over.
    auto annotations =
        Value::object({{"cluster-autoscaler.kubernetes.io/safe-to-evict", "false"}, {std::string(slot_annotation), fmt::to_string(pod.launch.slot)}});
    if (pod.launch.exposure) annotations.set(exposure_annotation, to_json(to_value(*pod.launch.exposure)));
    auto out = Value::object(
        {{"name", pod.pod.name}, {"namespace", pod.pod.space}, {"labels", labels(pod.launch)}, {"annotations", std::move(annotations)}});
    if (!pod.owner.is_null()) out.set("ownerReferences", Value::array({pod.owner}));
    return out;
}

}  // namespace

Value match_pod(const MatchPod& pod, const PodRules& rules) {
    const auto slot = pod.launch.slot;
    auto spec =
        pod_spec({.launch = pod.launch, .server = pod.pod, .claim = {}}, rules, {.secret = match_keys_name(slot), .item = fmt::to_string(slot)});
    spec.set("restartPolicy", "Never");
    spec.set("tolerations", with_limited_patience(tolerations_of(*pod.launch.image, rules)));
    return Value::object({{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata(pod)}, {"spec", std::move(spec)}});
}

std::optional<ServerUid> match_server_of(const Value& pod) {
    return ServerUid::parse(wire::kubernetes::text_at(pod, {"metadata", "labels", match_server_label}));
}

bool has_ports_of_its_node(const Value& pod) {
    const auto document = net::parse_json(wire::kubernetes::text_at(pod, {"metadata", "annotations", exposure_annotation}));
    server::Exposure exposure;
    Errors errors;
    return document && decode(*document, "", errors, exposure) && exposure.kind == server::Exposure::Kind::host_port;
}

noise::Key match_shim_key(ByteSpan master, std::uint32_t slot) {
    const auto purpose = fmt::format("shim of the match server in slot {}", slot);
    const auto derived = tls::hmac_sha256(master, as_byte_span(purpose));
    noise::Key key;
    static_assert(derived.size() == key.size());
    std::ranges::copy(derived, key.begin());
    return key;
}

std::optional<std::uint32_t> slot_of(const Value& pod) {
    const auto text = wire::kubernetes::text_at(pod, {"metadata", "annotations", slot_annotation});
    std::uint32_t slot = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), slot);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return slot;
}

std::string match_keys_name(std::uint32_t slot) { return fmt::format("match-keys-{}", slot / slots_each_secret); }

Value match_keys(ByteSpan master, const std::string& space, std::uint32_t slot) {
    auto data = Value::object();
    const auto first = slot - slot % slots_each_secret;
    for (auto each = first; each < first + slots_each_secret; ++each) data.set(fmt::to_string(each), tls::base64(match_shim_key(master, each)));
    auto metadata =
        Value::object({{"name", match_keys_name(slot)}, {"namespace", space}, {"labels", Value::object({{std::string(manager_label), manager}})}});
    return Value::object({{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", std::move(metadata)}, {"data", std::move(data)}});
}

}  // namespace gk::kubernetes
