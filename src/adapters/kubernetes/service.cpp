#include "adapters/kubernetes/service.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "adapters/kubernetes/names.hpp"
#include "adapters/kubernetes/pod.hpp"
#include "domain/server/binding_codec.hpp"
#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

using Kind = server::Exposure::Kind;
using wire::kubernetes::text_at;

std::string_view type_of(Kind kind) {
    switch (kind) {
    case Kind::node_port: return "NodePort";
    case Kind::load_balancer: return "LoadBalancer";
    case Kind::host_port:
    case Kind::internal: return "ClusterIP";
    }
    std::unreachable();
}

Value service_ports(Kind kind, const std::vector<server::PortBinding>& ports) {
    Value::Array out;
    for (const auto& port : ports) {
        if (port.internal) continue;
        const bool is_tcp = port.protocol == Protocol::tcp;
        // Roles are words with '_', which names of ports may not have.
        auto name = fmt::format("{}-{}", port.role, is_tcp ? "tcp" : "udp");
        std::ranges::replace(name, '_', '-');
        auto entry = Value::object({{"name", std::move(name)},
                                    {"port", int{std::to_underlying(port.open)}},
                                    {"protocol", is_tcp ? "TCP" : "UDP"},
                                    {"targetPort", int{std::to_underlying(port.bound)}}});
        if (kind == Kind::node_port || kind == Kind::load_balancer) entry.set("nodePort", int{std::to_underlying(port.open)});
        out.push_back(std::move(entry));
    }
    return out;
}

Value annotations_of(const server::Exposure& exposure, const std::vector<server::PortBinding>& ports) {
    Value::Array bindings;
    for (const auto& port : ports) bindings.push_back(server::to_value(port));
    auto out =
        Value::object({{std::string(ports_annotation), to_json(bindings)}, {std::string(exposure_annotation), to_json(server::to_value(exposure))}});
    // As the Azure cloud provider documents them; other clouds pass them over.
    if (!exposure.dns_label.empty()) out.set("service.beta.kubernetes.io/azure-dns-label-name", exposure.dns_label);
    if (!exposure.static_address.empty()) out.set("service.beta.kubernetes.io/azure-load-balancer-ipv4", exposure.static_address);
    return out;
}

Value spec_of(const PortOwner& owner, const server::Exposure& exposure, const std::vector<server::PortBinding>& ports) {
    const bool is_open = exposure.kind == Kind::node_port || exposure.kind == Kind::load_balancer;
    auto spec =
        Value::object({{"type", type_of(exposure.kind)}, {"selector", game_selector(owner.uid)}, {"ports", service_ports(exposure.kind, ports)}});
    if (is_open) spec.set("externalTrafficPolicy", "Local");
    // Without an address there need be no ports, and a game may have none that players use.
    if (exposure.kind == Kind::host_port || spec.find("ports")->as_array()->empty()) spec.set("clusterIP", "None");
    if (!exposure.static_address.empty()) spec.set("loadBalancerIP", exposure.static_address);
    return spec;
}

}  // namespace

Value service(const PortOwner& owner, const server::Exposure& exposure, const std::vector<server::PortBinding>& ports) {
    return Value::object({{"apiVersion", "v1"},
                          {"kind", "Service"},
                          {"metadata", Value::object({{"name", object_name(owner.id)},
                                                      {"namespace", owner.space},
                                                      {"labels", labels_of(owner.uid, owner.id)},
                                                      {"annotations", annotations_of(exposure, ports)}})},
                          {"spec", spec_of(owner, exposure, ports)}});
}

std::optional<Reserved> reserved_by(const Value& service) {
    const auto uid = ServerUid::parse(text_at(service, {"metadata", "labels", server_label}));
    const auto document = net::parse_json(text_at(service, {"metadata", "annotations", ports_annotation}));
    if (!uid || !document) return std::nullopt;
    Reserved out{.server = *uid, .ports = {}};
    Errors errors;
    if (!decode(*document, "", errors, out.ports)) return std::nullopt;
    return out;
}

}  // namespace gk::kubernetes
