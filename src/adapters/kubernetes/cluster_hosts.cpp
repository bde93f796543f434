#include <fmt/format.h>

#include "adapters/kubernetes/cluster_runtime.hpp"
#include "adapters/kubernetes/names.hpp"

// Where players reach the games of a cluster.
namespace gk::kubernetes {
namespace {

const Resource services{.group = "", .version = "v1", .plural = "services"};

// The name or address that the cloud has given to a balancer; empty: none yet.
std::string ingress_of(const Value& service) {
    const auto* found = wire::kubernetes::find_at(service, {"status", "loadBalancer", "ingress"});
    const auto* list = found != nullptr ? found->as_array() : nullptr;
    if (list == nullptr || list->empty()) return {};
    const auto address = wire::kubernetes::text_at(list->front(), {"ip"});
    return std::string(address.empty() ? wire::kubernetes::text_at(list->front(), {"hostname"}) : address);
}

}  // namespace

Runtime::Answer<std::string> ClusterRuntime::host_of(ServerUid uid) {
    CO_TRY(server, place(uid));
    CO_TRY(launch, co_await knowledge_.launch(uid));
    switch (exposure_of(launch, options_.pods)) {
    case server::Exposure::Kind::internal: co_return fmt::format("{}.{}.svc", object_name(server.name), server.space);
    case server::Exposure::Kind::load_balancer: co_return co_await balanced_host(std::move(server));
    case server::Exposure::Kind::node_port:
    case server::Exposure::Kind::host_port: break;
    }
    if (!options_.node_host.empty()) co_return options_.node_host;
    // The Service forwards only from the node that the game runs on.
    const auto pod = view_.pod(uid, server);
    auto address = pod ? view_.address_of(pod->node) : std::string();
    if (!address.empty()) co_return address;
    co_return std::unexpected(
        RuntimeError{RuntimeError::Kind::unavailable, "the game's node tells no address; set cluster.node_host to one that players reach"});
}

Runtime::Answer<std::string> ClusterRuntime::balanced_host(ObjectKey server) {
    ObjectKey key{.space = server.space, .name = object_name(server.name)};
    const auto service = co_await client_.get(services, std::move(key));
    if (!service) co_return std::unexpected(error_of(service.error()));
    auto host = ingress_of(*service);
    if (!host.empty()) co_return host;
    co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, fmt::format("the cloud has given no address to the Service {}/{} yet",
                                                                                        server.space, object_name(server.name))});
}

}  // namespace gk::kubernetes
