#pragma once

#include <memory>
#include <optional>

#include "adapters/memory/state.hpp"
#include "domain/ports/book.hpp"
#include "ports/clock.hpp"
#include "ports/port_map.hpp"

namespace gk::memory {

class MemoryPortMap final : public PortMap {
public:
    using Rules = PortBook::Rules;
    MemoryPortMap(std::shared_ptr<StoreState> state, const Clock& clock, Rules rules);

    Answer<std::vector<server::PortBinding>> reserve(PortOwner owner, std::vector<PortWish> wishes, std::vector<server::PortBinding> before) override;
    Answer<Success> enter(ServerUid server, std::vector<server::PortBinding> bindings) override;
    Answer<Success> release(ServerUid server) override;
    Answer<std::vector<Reservation>> list() override;

private:
    std::shared_ptr<StoreState> state_;
    const Clock& clock_;
    PortBook book_;
};

}  // namespace gk::memory
