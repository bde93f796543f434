#include "adapters/memory/port_map.hpp"

#include <set>

namespace gk::memory {

MemoryPortMap::MemoryPortMap(std::shared_ptr<StoreState> state, const Clock& clock, Rules rules)
    : state_(std::move(state)),
      clock_(clock),
      rules_(std::move(rules)) {}

PortMap::Answer<std::vector<server::PortBinding>> MemoryPortMap::reserve(ServerUid server, std::vector<PortWish> wishes,
                                                                         std::vector<server::PortBinding> before) {
    const auto rested = [&](const auto& entry) { return entry.second.released_at && *entry.second.released_at + rules_.rest <= clock_.now(); };
    std::erase_if(state_->ports, rested);
    std::set<std::pair<Protocol, Port>> reserved;
    for (const auto& [holder, ports] : state_->ports) {
        if (holder == server && !ports.released_at) co_return ports.bindings;
        for (const auto& binding : ports.bindings) reserved.emplace(binding.protocol, binding.open);
    }
    const PortQuestion is_reserved = [&](Protocol protocol, Port port) { return reserved.contains({protocol, port}); };
    auto chosen = choose_ports_again(rules_.range, wishes, before, is_reserved, rules_.foreign);
    if (!chosen) co_return std::unexpected(PortMapError{PortMapError::Kind::exhausted, std::move(chosen).error().detail});
    StoreState::ReservedPorts entry{.bindings = *chosen, .released_at = std::nullopt};
    state_->ports.emplace_back(server, std::move(entry));
    co_return std::move(*chosen);
}

PortMap::Answer<Success> MemoryPortMap::release(ServerUid server) {
    for (auto& [holder, ports] : state_->ports) {
        if (holder == server && !ports.released_at) ports.released_at = clock_.now();
    }
    co_return Success{};
}

PortMap::Answer<std::vector<PortMap::Reservation>> MemoryPortMap::list() {
    std::vector<Reservation> all;
    for (const auto& [holder, ports] : state_->ports) {
        if (ports.released_at) continue;
        for (const auto& binding : ports.bindings) all.push_back({.server = holder, .binding = binding});
    }
    std::ranges::sort(all, {}, [](const Reservation& held) { return std::pair(held.binding.open, held.binding.protocol); });
    co_return all;
}

}  // namespace gk::memory
