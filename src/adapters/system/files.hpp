#pragma once

#include <functional>

#include "ports/clock.hpp"
#include "ports/files.hpp"
#include "ports/host.hpp"
#include "wire/files/protocol.hpp"

namespace gk::system {

// Files of worlds, asked for at a process that runs as the world's own uid. Each call has a process and a connection of its own: nothing is
// left over when a call is cancelled half-way, and nothing keeps a disk busy that the keeper wants to free. What that costs (a few
// milliseconds) is little beside what people do with files through the API.
class SystemFiles final : public Files {
public:
    // Host::open_files, or a stand-in for tests.
    using OpenFiles = std::function<Host::Answer<int>(ServerUid)>;
    SystemFiles(OpenFiles open, Clock& clock) : open_(std::move(open)), clock_(clock) {}

    Answer<std::vector<FileInfo>> list(ServerUid server, std::string path) override;
    Answer<std::vector<std::byte>> read(ServerUid server, std::string path, std::size_t size_max) override;
    Answer<Success> write(ServerUid server, std::string path, std::vector<std::byte> content) override;
    Answer<Success> remove(ServerUid server, std::string path, bool recursive) override;

private:
    Answer<wire::files::Reply> ask(ServerUid server, wire::files::Request request);

    OpenFiles open_;
    Clock& clock_;
};

}  // namespace gk::system
