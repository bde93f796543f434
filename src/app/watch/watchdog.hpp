#pragma once

#include <functional>
#include <map>

#include "domain/watch/watchdog.hpp"
#include "ports/clock.hpp"
#include "ports/notifier.hpp"
#include "ports/runtime.hpp"
#include "ports/server_store.hpp"

namespace gk::app {

// Looks after servers that seem to run and do not do what they should (domain/watch/watchdog.hpp): people are told once, and once more when it is
// over. Each round measures everything anew.
class Watchdog {
public:
    struct Ports {
        ServerStore& store;
        Runtime& runtime;
        Notifier& notifier;
        Clock& clock;
    };
    // A safe stop, as an operation: saved, and paused. Must not fail for what is refused: it is asked again at the next round. Empty: people are
    // only told.
    using Stop = std::function<Task<void>(server::Record)>;
    Watchdog(Ports ports, Stop stop, watch::WatchdogRule rule, Milliseconds interval)
        : ports_(ports),
          stop_(std::move(stop)),
          rule_(rule),
          interval_(interval) {}

    // Until the task is cancelled.
    Task<void> run();
    Task<void> round();

private:
    struct Watched {
        watch::Vigil vigil;
        bool has_been_measured = false;  // Of this process: a game that never says who plays is not one that has stopped to.
        std::optional<int> players;
    };
    Task<void> look_at(server::Record record);
    Task<bool> measure(const server::Record& record, Watched& watched);
    Task<void> tell(server::Record record, watch::Findings findings);
    Task<void> report(server::Record record, std::string_view kind, std::optional<bool> found, std::string text);

    Ports ports_;
    Stop stop_;
    watch::WatchdogRule rule_;
    Milliseconds interval_;
    std::map<ServerUid, Watched> watched_;
};

}  // namespace gk::app
