#pragma once

#include "domain/ports/book.hpp"
#include "ports/clock.hpp"
#include "ports/port_map.hpp"

namespace gk::kubernetes {

// Numbers for the ports of pods that need no Service. Those of nodes are given away once in the whole cluster, and the scheduler sees to it that
// nobody else has them on the pod's node; a pod's own address needs no such care. Where some pods have ports of nodes, all take numbers of their
// own: rows do not say which of them have. Nothing is written: who has what stands in the servers' rows.
class PodPorts final : public PortMap {
public:
    PodPorts(Clock& clock, PortRange range, bool ports_of_nodes)
        : clock_(clock),
          range_(range),
          ports_of_nodes_(ports_of_nodes),
          book_({.range = range}) {}

    Answer<std::vector<server::PortBinding>> reserve(PortOwner owner, std::vector<PortWish> wishes, std::vector<server::PortBinding> before) override;
    Answer<Success> enter(ServerUid server, std::vector<server::PortBinding> bindings) override;
    Answer<Success> release(ServerUid server) override;
    Answer<std::vector<Reservation>> list() override { co_return book_.held(); }

private:
    Clock& clock_;
    PortRange range_;
    bool ports_of_nodes_;
    PortBook book_;
};

}  // namespace gk::kubernetes
