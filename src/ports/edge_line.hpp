#pragma once

#include <functional>
#include <memory>
#include <string>

#include "domain/front/report.hpp"
#include "domain/wake/route_table.hpp"

namespace gk {

// The stream between the control plane and the edges that relay for it (docs/adr/0028).
class EdgeLine {
public:
    virtual ~EdgeLine() = default;
    // Every edge that is connected, or will be, is given this table. Only the newest one counts: what was not yet sent is dropped.
    virtual void publish(wake::RouteTable table) = 0;

    // An edge has said something, or has gone: then `report` is null. Called on the loop's thread; `edge` names the connection.
    using Heard = std::function<void(std::uint64_t edge, const front::Report* report)>;
    // Until the handle is dropped; one at a time.
    virtual std::shared_ptr<void> listen(Heard heard) = 0;
};

}  // namespace gk
