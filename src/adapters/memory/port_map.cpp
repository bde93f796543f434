#include "adapters/memory/port_map.hpp"

namespace gk::memory {

MemoryPortMap::MemoryPortMap(std::shared_ptr<StoreState> state, const Clock& clock, Rules rules)
    : state_(std::move(state)),
      clock_(clock),
      book_(std::move(rules)) {
    for (const auto& [uid, record] : state_->servers) book_.hold(uid, record.ports);
    for (const auto& port : state_->resting_ports) book_.rest(port);
}

PortMap::Answer<std::vector<server::PortBinding>> MemoryPortMap::reserve(PortOwner owner, std::vector<PortWish> wishes,
                                                                         std::vector<server::PortBinding> before) {
    auto chosen = book_.reserve(owner.uid, wishes, before, clock_.now());
    if (!chosen) co_return std::unexpected(PortMapError{PortMapError::Kind::exhausted, std::move(chosen).error().detail});
    co_return std::move(*chosen);
}

PortMap::Answer<Success> MemoryPortMap::enter(ServerUid server, std::vector<server::PortBinding> bindings) {
    book_.hold(server, bindings);
    co_return Success{};
}

PortMap::Answer<Success> MemoryPortMap::release(ServerUid server) {
    const auto now = clock_.now();
    book_.release(server, now);
    state_->resting_ports = book_.resting(now);
    co_return Success{};
}

PortMap::Answer<std::vector<PortMap::Reservation>> MemoryPortMap::list() { co_return book_.held(); }

}  // namespace gk::memory
