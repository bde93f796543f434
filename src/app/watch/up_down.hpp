#pragma once

#include <functional>
#include <map>
#include <optional>

#include "domain/watch/standing.hpp"
#include "ports/clock.hpp"
#include "ports/notifier.hpp"
#include "ports/server_store.hpp"

namespace gk::app {

// Tells people when a server has come up, fallen asleep or gone down (domain/watch/standing.hpp). How servers stand is remembered by this process
// alone: what changed between two keepers, or back and forth between two rounds, is told by nobody. It is news and no alarm.
class UpDown {
public:
    using Tell = std::function<Task<void>(Notice)>;
    UpDown(ServerStore& store, Clock& clock, Tell tell, Milliseconds interval)
        : store_(store),
          clock_(clock),
          tell_(std::move(tell)),
          interval_(interval) {}

    // Until the task is cancelled.
    Task<void> run();
    Task<void> round();

private:
    ServerStore& store_;
    Clock& clock_;
    Tell tell_;
    Milliseconds interval_;
    bool has_looked_ = false;
    std::map<ServerUid, std::optional<watch::Standing>> known_;  // Where each has arrived last; nothing: it was on its way when first seen.
};

}  // namespace gk::app
