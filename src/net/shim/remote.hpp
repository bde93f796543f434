#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "net/files/wire_files.hpp"
#include "net/shim/link.hpp"
#include "net/shim/remote_shim.hpp"
#include "ports/files.hpp"
#include "ports/runtime.hpp"
#include "wire/shim/pod.hpp"
#include "wire/shim/spec.hpp"

// What only a shim in a pod can be asked for. What every shim does (stop, kill, command, quiesce, resume, acknowledge) is asked by Link::ask().
namespace gk::net::shim {

using LinkPtr = std::shared_ptr<Link>;
template <class T>
using Asked = Task<Result<T, RuntimeError>>;

// Starts the game; returns when it has been executed. When the same one runs already, nothing happens. `invalid`: it cannot be started like
// this; `unavailable`: another run is there, or its end has not been acknowledged.
Asked<Success> run(LinkPtr link, wire::shim::Spec spec);

// As Runtime::logs() and Runtime::log_cursor_from_end(). Fewer lines than asked for are not the end: the end is where none come.
Asked<std::vector<LogLine>> logs(LinkPtr link, std::uint64_t cursor, std::size_t lines_max);
Asked<std::uint64_t> log_cursor_from_end(LinkPtr link, std::size_t lines);
// From now on the link's `changed` is called too when the log has grown (Status::log_end), ten times a second at most.
Asked<Success> follow_log(LinkPtr link);

Asked<wire::shim::PodUse> usage(LinkPtr link);

// The files of worlds whose pods are there. Each call has a connection of its own, and is refused when the epoch has been replaced, unless `find`
// knows a higher one by then.
class RemoteFiles final : public WireFiles {
public:
    struct Place {
        RemoteShim shim;
        Epoch epoch{};
    };
    // Where the shim is that serves this world; called for every file.
    using Find = std::function<Answer<Place>(ServerUid)>;
    RemoteFiles(Find find, Clock& clock) : find_(std::move(find)), clock_(clock) {}

private:
    Answer<wire::files::Reply> ask(ServerUid server, wire::files::Request request) override;

    Find find_;
    Clock& clock_;
};

}  // namespace gk::net::shim
