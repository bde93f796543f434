#include "adapters/kubernetes/objects/service.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "adapters/kubernetes/objects/pod.hpp"
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
    case Kind::edge:
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

// As the Azure cloud provider documents them; other clouds pass them over.
constexpr std::string_view dns_label_annotation = "service.beta.kubernetes.io/azure-dns-label-name";
constexpr std::string_view address_annotation = "service.beta.kubernetes.io/azure-load-balancer-ipv4";
constexpr std::string_view address6_annotation = "service.beta.kubernetes.io/azure-load-balancer-ipv6";

bool is_ipv6(std::string_view address) { return address.contains(':'); }

// Everything that service() may set and another exposure does not want has the value null.
Value annotations_of(const server::Exposure& exposure, const std::vector<server::PortBinding>& ports, const Annotations& of_balancers) {
    Value::Array bindings;
    for (const auto& port : ports) bindings.push_back(server::to_value(port));
    auto out =
        Value::object({{std::string(ports_annotation), to_json(bindings)}, {std::string(exposure_annotation), to_json(server::to_value(exposure))}});
    const bool is_balanced = exposure.kind == Kind::load_balancer;
    const auto text_or_null = [](bool is_set, const std::string& text) { return is_set ? Value(text) : Value(); };
    const auto& address = exposure.static_address;
    out.set(dns_label_annotation, text_or_null(!exposure.dns_label.empty(), exposure.dns_label));
    out.set(address_annotation, text_or_null(!address.empty() && !is_ipv6(address), address));
    out.set(address6_annotation, text_or_null(is_ipv6(address), address));
    for (const auto& [name, text] : of_balancers) out.set(name, text_or_null(is_balanced, text));
    return out;
}

// What of the spec the exposure decides.
Value spec_of(const server::Exposure& exposure, const std::vector<server::PortBinding>& ports) {
    const bool is_open = exposure.kind == Kind::node_port || exposure.kind == Kind::load_balancer;
    auto spec = Value::object({{"type", type_of(exposure.kind)}, {"ports", service_ports(exposure.kind, ports)}});
    spec.set("externalTrafficPolicy", is_open ? Value("Local") : Value());
    spec.set("loadBalancerIP", exposure.static_address.empty() ? Value() : Value(exposure.static_address));
    return spec;
}

// Some nulls mean something to the API server, others are refused: a new object has none.
Value without_nulls(const Value& object) {
    Value out = Value::object();
    for (const auto& [name, value] : *object.as_object()) {
        if (!value.is_null()) out.set(name, value);
    }
    return out;
}

}  // namespace

Value service(const PortOwner& owner, const server::Exposure& exposure, const std::vector<server::PortBinding>& ports,
              const Annotations& of_balancers) {
    auto spec = without_nulls(spec_of(exposure, ports));
    spec.set("selector", game_selector(owner.uid));
    // Without an address there need be no ports, and a game may have none that players use.
    if (spec.find("ports")->as_array()->empty()) spec.set("clusterIP", "None");
    return Value::object({{"apiVersion", "v1"},
                          {"kind", "Service"},
                          {"metadata", Value::object({{"name", object_name(owner.id)},
                                                      {"namespace", owner.space},
                                                      {"labels", labels_of(owner.uid, owner.id)},
                                                      {"annotations", without_nulls(annotations_of(exposure, ports, of_balancers))}})},
                          {"spec", std::move(spec)}});
}

Value service_change(const server::Exposure& exposure, const std::vector<server::PortBinding>& ports, const Annotations& of_balancers) {
    return Value::object(
        {{"metadata", Value::object({{"annotations", annotations_of(exposure, ports, of_balancers)}})}, {"spec", spec_of(exposure, ports)}});
}

std::string balanced_host(const Value& service, const server::Exposure& exposure) {
    const auto* found = wire::kubernetes::find_at(service, {"status", "loadBalancer", "ingress"});
    const auto* list = found != nullptr ? found->as_array() : nullptr;
    if (list == nullptr || list->empty()) return {};
    const auto address = text_at(list->front(), {"ip"});
    const bool is_another = !exposure.static_address.empty() && !address.empty() && address != exposure.static_address;
    if (is_another) return {};
    return std::string(address.empty() ? text_at(list->front(), {"hostname"}) : address);
}

std::optional<Reserved> reserved_by(const Value& service) {
    const auto uid = ServerUid::parse(text_at(service, {"metadata", "labels", server_label}));
    const auto document = net::parse_json(text_at(service, {"metadata", "annotations", ports_annotation}));
    if (!uid || !document) return std::nullopt;
    Reserved out{.server = *uid, .ports = {}, .exposure = {}};
    Errors errors;
    if (!decode(*document, "", errors, out.ports)) return std::nullopt;
    // Without it the ports are held all the same; the next look at the server sets it again.
    const auto exposure = net::parse_json(text_at(service, {"metadata", "annotations", exposure_annotation}));
    if (exposure) decode(*exposure, "", errors, out.exposure);
    return out;
}

}  // namespace gk::kubernetes
