#pragma once

#include "ports/files.hpp"
#include "wire/files/protocol.hpp"

namespace gk::net {

// Files of worlds that are asked for by wire/files; how a request reaches the process that serves a world is left to others.
class WireFiles : public Files {
public:
    Answer<std::vector<FileInfo>> list(ServerUid server, std::string path) override;
    Answer<std::vector<std::byte>> read(ServerUid server, std::string path, std::size_t size_max) override;
    Answer<Success> write(ServerUid server, std::string path, std::vector<std::byte> content) override;
    Answer<Success> remove(ServerUid server, std::string path, bool recursive) override;

private:
    // One request and its reply, whatever its status is. The request keeps to the limits of the protocol.
    virtual Answer<wire::files::Reply> ask(ServerUid server, wire::files::Request request) = 0;
    Answer<wire::files::Reply> done(ServerUid server, wire::files::Request request);
};

}  // namespace gk::net
