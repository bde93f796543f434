#pragma once

#include <memory>
#include <optional>

#include "net/http_client/client.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "wire/kubernetes/failure.hpp"
#include "wire/kubernetes/frames.hpp"
#include "wire/kubernetes/watch_event.hpp"

namespace gk::kubernetes {

// The events of one watch, over a connection of its own.
class WatchStream {
public:
    // Whatever the server and the network do, the watch is over at `deadline`.
    WatchStream(Clock& clock, std::unique_ptr<net::ClientStream> stream, Time deadline)
        : clock_(clock),
          stream_(std::move(stream)),
          deadline_(deadline) {}

    // The next event; nullopt when the watch has ended, was cut, or ran out of time: nothing was missed up to the last event, and a new watch
    // may go on from there. A failure is what an error event says, or a frame that cannot be read: events may have been missed.
    Task<Result<std::optional<wire::kubernetes::WatchEvent>, wire::kubernetes::Failure>> next();

private:
    Clock& clock_;
    std::unique_ptr<net::ClientStream> stream_;
    Time deadline_;
    wire::kubernetes::FrameSplitter frames_;
};

}  // namespace gk::kubernetes
