#pragma once

#include <functional>

#include "net/files/wire_files.hpp"
#include "ports/clock.hpp"
#include "ports/host.hpp"

namespace gk::system {

// Files of worlds, asked for at a process that runs as the world's own uid. Each call has a process and a connection of its own: nothing is
// left over when a call is cancelled half-way, and nothing keeps a disk busy that the keeper wants to free. What that costs (a few
// milliseconds) is little beside what people do with files through the API.
class SystemFiles final : public net::WireFiles {
public:
    // Host::open_files, or a stand-in for tests.
    using OpenFiles = std::function<Host::Answer<int>(ServerUid)>;
    SystemFiles(OpenFiles open, Clock& clock) : open_(std::move(open)), clock_(clock) {}

private:
    Answer<wire::files::Reply> ask(ServerUid server, wire::files::Request request) override;

    OpenFiles open_;
    Clock& clock_;
};

}  // namespace gk::system
