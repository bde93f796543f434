#include "adapters/kubernetes/runtime/pod_ports.hpp"

#include <utility>

namespace gk::kubernetes {

PortMap::Answer<std::vector<server::PortBinding>> PodPorts::reserve(PortOwner owner, std::vector<PortWish> wishes,
                                                                    std::vector<server::PortBinding> before) {
    const auto nobody = [](Protocol, Port) { return false; };
    auto chosen =
        ports_of_nodes_ ? book_.reserve(owner.uid, wishes, before, clock_.now()) : choose_ports_again(range_, wishes, before, nobody, nobody);
    if (!chosen) co_return std::unexpected(PortMapError{PortMapError::Kind::exhausted, chosen.error().detail + "; see cluster.host_ports"});
    co_return std::move(*chosen);
}

PortMap::Answer<Success> PodPorts::enter(ServerUid server, std::vector<server::PortBinding> bindings) {
    if (ports_of_nodes_) book_.hold(server, bindings);
    co_return Success{};
}

PortMap::Answer<Success> PodPorts::release(ServerUid server) {
    book_.release(server, clock_.now());
    co_return Success{};
}

}  // namespace gk::kubernetes
