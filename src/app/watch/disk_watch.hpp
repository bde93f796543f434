#pragma once

#include <functional>

#include "ports/clock.hpp"
#include "ports/ledger.hpp"
#include "ports/runtime.hpp"
#include "ports/server_store.hpp"

namespace gk::app {

// Watches how full the worlds' disks are, of servers that run or are paused: a disk that fills up is told in the record (domain/server/disk.hpp)
// and as event "server.disk", and a game that cannot write any more is paused. Each round measures everything anew, so that one that was missed, or
// failed, is made up by the next.
class DiskWatch {
public:
    struct Ports {
        ServerStore& store;
        Ledger& ledger;
        Runtime& runtime;
        Clock& clock;
    };
    // Carries the request further, as an operation. Must not fail for what is refused: it is asked again at the next round.
    using Pause = std::function<Task<void>(server::Record)>;

    DiskWatch(Ports ports, Pause pause, Milliseconds interval) : ports_(ports), pause_(std::move(pause)), interval_(interval) {}

    // Until the task is cancelled.
    Task<void> run();
    Task<void> round();

private:
    Task<void> look_at(server::Record record);
    Task<void> note(server::Record record, server::DiskLevel level, server::Usage usage);

    Ports ports_;
    Pause pause_;
    Milliseconds interval_;
};

}  // namespace gk::app
