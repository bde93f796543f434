#pragma once

#include <functional>
#include <string>
#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>

#include "base/result.hpp"
#include "ports/clock.hpp"
#include "ports/runtime.hpp"
#include "programs/edge/kept_table.hpp"

namespace gk::programs {

// Sees to it that an edge runs on this machine: starts one when none has the lock of its folder, and again when it ends. The edge is a session of its
// own and stays when we end: players notice nothing.
class EdgeProcess {
public:
    // Has somebody else start an edge, with rights that we do not have, and returns when it relays.
    using Starter = std::function<Task<Result<Success, RuntimeError>>(unsigned loops)>;
    struct Options {
        std::string program;  // This one.
        std::string socket;  // Where the edge learns its routes.
        std::string folder;  // The edge's own.
        unsigned loops = 0;  // 0: one for each processor.
        Starter starter{};  // None: we start it ourselves, with our own rights.
    };
    EdgeProcess(boost::asio::any_io_executor executor, Clock& clock, Options options, EdgeFolder folder)
        : executor_(std::move(executor)),
          clock_(clock),
          options_(std::move(options)),
          folder_(std::move(folder)) {}

    // Until the task is cancelled.
    Task<void> run();

private:
    Result<pid_t, std::string> start() const;
    // Returns when the edge has ended, or somebody else has it in hand.
    Task<void> run_one();
    Task<void> holder_ended();
    Task<void> ended(pid_t child);

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    Options options_;
    EdgeFolder folder_;
};

}  // namespace gk::programs
