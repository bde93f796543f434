#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "ports/runtime.hpp"
#include "ports/task.hpp"
#include "wire/launcher/messages.hpp"

namespace gk::runc {

// The control plane's end of the socket to the launcher (wire/launcher/messages.hpp). Calls may be made from many tasks at once; each waits
// for its own reply. When the launcher ends, waiting calls and all later ones fail as `unavailable`.
class LauncherLink {
public:
    // Takes the descriptor.
    LauncherLink(boost::asio::any_io_executor executor, int socket);
    ~LauncherLink();
    LauncherLink(const LauncherLink&) = delete;
    LauncherLink& operator=(const LauncherLink&) = delete;

    struct Answer {
        wire::launcher::Outcome outcome;  // Never a Failure: that is the error.
        int descriptor = -1;              // With DescriptorFollows; the caller's from here on.
    };
    // A cancelled caller's reply is dropped; a confined program that it waited for is ended.
    Task<Result<Answer, RuntimeError>> call(wire::launcher::Order order);

private:
    class State;
    class Waiting;
    std::shared_ptr<State> state_;  // Also held by what the loop still has to run for us.
};

}  // namespace gk::runc
