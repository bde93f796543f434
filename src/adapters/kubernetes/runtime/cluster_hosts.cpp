#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "adapters/kubernetes/objects/service.hpp"
#include "adapters/kubernetes/runtime/cluster_runtime.hpp"

// Where players reach the games of a cluster.
namespace gk::kubernetes {
namespace {

const Resource services{.group = "", .version = "v1", .plural = "services"};

std::unexpected<RuntimeError> not_yet(std::string detail) {
    return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, std::move(detail)});
}

std::string nothing_from_the_cloud(const ObjectKey& service) {
    return fmt::format("the cloud has given no address to the Service {}/{} yet: kubectl describe service says why", service.space, service.name);
}

}  // namespace

// The Service says how its ports are open at present; what is wanted may be something else already.
Runtime::Answer<std::string> ClusterRuntime::host_of(ServerUid uid) {
    CO_TRY(server, place(uid));
    ObjectKey key{.space = server.space, .name = object_name(server.name)};
    const auto service = co_await client_.get(services, std::move(key));
    if (!service) co_return std::unexpected(error_of(service.error()));
    const auto open = reserved_by(*service);
    if (!open || open->server != uid) co_return not_yet(fmt::format("the Service {}/{} is not ours", server.space, object_name(server.name)));
    switch (open->exposure.kind) {
    case server::Exposure::Kind::internal: co_return fmt::format("{}.{}.svc", object_name(server.name), server.space);
    case server::Exposure::Kind::edge:
        if (!options_.edge_host.empty()) co_return options_.edge_host;
        co_return host_of_node(uid, server);  // There is an edge on every node, and each knows every game.
    case server::Exposure::Kind::load_balancer: {
        auto host = balanced_host(*service, open->exposure);
        if (!host.empty()) co_return host;
        co_return not_yet(nothing_from_the_cloud({server.space, object_name(server.name)}));
    }
    case server::Exposure::Kind::node_port:
    case server::Exposure::Kind::host_port: co_return host_of_node(uid, server);
    }
    std::unreachable();
}

std::optional<Problem> ClusterRuntime::missing_address(ServerUid uid) const {
    const auto service = knowledge_.service(uid);
    const auto open = service ? reserved_by(*service) : std::nullopt;
    if (!open || open->server != uid || open->exposure.kind != server::Exposure::Kind::load_balancer) return std::nullopt;
    if (!balanced_host(*service, open->exposure).empty()) return std::nullopt;
    return Problem{"no_address", nothing_from_the_cloud(wire::kubernetes::key_of(*service))};
}

// The Service forwards only from the node that the game runs on.
Result<std::string, RuntimeError> ClusterRuntime::host_of_node(ServerUid uid, const ObjectKey& server) const {
    if (!options_.node_host.empty()) return options_.node_host;
    const auto pod = view_.pod(uid, server);
    auto address = pod ? view_.address_of(pod->node) : std::string();
    if (!address.empty()) return address;
    return not_yet("the game's node tells no address; set cluster.node_host to one that players reach");
}

}  // namespace gk::kubernetes
