#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "shim/control_server.hpp"
#include "shim/event_loop.hpp"
#include "shim/fence.hpp"
#include "shim/log_reader.hpp"
#include "shim/run_traces.hpp"
#include "shim/services.hpp"
#include "shim/supervisor.hpp"

namespace gk::shim {

struct PodOptions {
    std::string volume;  // With the folders `data` and `log`, which are made, and at times `game`.
    std::string run;
    std::string cgroup_root = "/sys/fs/cgroup";
    std::uint16_t port = 0;
    noise::Key key{};
};

// The shim of a pod: idle until a client asks for a run, and idle again when its end was acknowledged. It starts nothing by itself: which world's
// disk is the right one is not decided here.
class Pod {
public:
    // The loop outlives it.
    static ShimResult<std::unique_ptr<Pod>> open(EventLoop& loop, const PodOptions& options);
    Pod(const Pod&) = delete;
    Pod& operator=(const Pod&) = delete;

    std::uint16_t port() const { return port_; }
    void on_children();
    // Somebody wants the pod to end: a game is stopped first.
    void on_terminate();

private:
    using ClientId = ControlServer::ClientId;
    using Request = wire::shim::Request;
    using Outcome = wire::shim::Outcome;
    struct Folders {
        Descriptor run;
        Descriptor log;
    };
    struct Run {
        explicit Run(wire::shim::Spec what) : spec(std::move(what)) {}
        wire::shim::Spec spec;
        std::optional<Supervisor> supervisor;
    };

    Pod(EventLoop& loop, const PodOptions& options, Folders folders, Epoch epoch);
    static ShimResult<Folders> open_folders(const PodOptions& options);
    ShimResult<Success> begin();

    void on_request(ClientId client, const Request& request);
    void act(ClientId client, const Request& request);
    void act_on_run(ClientId client, const Request& request);
    void acknowledge(ClientId client, const Request& request);
    void start_run(ClientId client, const Request& request);
    ShimResult<Success> start(wire::shim::Spec spec);
    void serve_files(ClientId client, const Request& request);
    void serve_game_files(ClientId client, const Request& request);
    void serve_program(ClientId client, const Request& request);
    void tell_log(ClientId client, const Request& request);
    void tell_log_start(ClientId client, const Request& request);
    void answer(ClientId client, const Request& request, Outcome outcome, std::string text = {});
    wire::shim::Status status() const;
    void forget_run();

    EventLoop& loop_;
    PodOptions options_;
    Folders folders_;
    RunTraces traces_;
    LogReader log_;
    Fence fence_;
    Services services_;
    bool is_ending_ = false;  // As soon as the program is gone.
    std::uint16_t port_ = 0;
    std::unique_ptr<Run> run_;
    std::unique_ptr<Run> over_;  // One that is done with, and may still be on the stack.
    std::optional<wire::shim::Exit> left_;  // By a run of an earlier container.
    ControlServer server_;
};

}  // namespace gk::shim
