#pragma once

#include <string>
#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>

#include "async/signal.hpp"
#include "base/result.hpp"
#include "ports/clock.hpp"
#include "programs/edge/kept_table.hpp"

namespace gk::programs {

// Sees to it that an edge runs on this machine: starts one when none has the lock of its folder, and again when it ends. The edge is a session of its
// own and stays when we end: players notice nothing.
class EdgeProcess {
public:
    struct Options {
        std::string program;  // This one.
        std::string socket;  // Where the edge learns its routes.
        std::string folder;  // The edge's own.
        unsigned loops = 0;  // 0: one for each processor.
    };
    EdgeProcess(boost::asio::any_io_executor executor, Clock& clock, Options options, EdgeFolder folder)
        : executor_(std::move(executor)),
          clock_(clock),
          options_(std::move(options)),
          folder_(std::move(folder)) {}

    // Until the task is cancelled.
    Task<void> run();
    // An edge has gone: look at once whether another one is needed.
    void look() { changed_.raise(); }

private:
    Result<pid_t, std::string> start() const;
    Task<void> ended(pid_t child);

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    Options options_;
    EdgeFolder folder_;
    async::Signal changed_;
};

}  // namespace gk::programs
