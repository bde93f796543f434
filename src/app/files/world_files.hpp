#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "app/servers/servers.hpp"
#include "ports/files.hpp"
#include "ports/server_store.hpp"

namespace gk::app {

// The use cases of worlds' files: every one takes the caller and asks may(). Paths are relative to the world, with '/' between names. A world is
// there while its server runs or is paused; of a stopped one it lies in the vault alone: `conflict`.
class WorldFiles {
public:
    // `used`: told of each server whose files are read or written; empty: nobody wants to know.
    using Used = std::function<void(ServerUid)>;
    WorldFiles(Servers& servers, ServerStore& store, Files& files, Used used = nullptr)
        : servers_(servers),
          store_(store),
          files_(files),
          used_(std::move(used)) {}

    template <class T>
    using Answer = Task<Result<T, Error>>;

    struct Place {
        std::string space;
        std::string id;
        std::string path;
    };
    // The files below a folder of the world with their whole paths, ordered, at most `most` of them. Links are not followed.
    Answer<std::vector<std::string>> tree(Caller caller, Place place, std::size_t most);
    Answer<std::vector<std::byte>> read(Caller caller, Place place, std::size_t size_max);
    // Replaces the whole file. When it returns success, the next save has it.
    Answer<Success> write(Caller caller, Place place, std::vector<std::byte> content);

private:
    // The record, when its world can be reached.
    Answer<server::Record> reachable(Caller caller, const Place& place);
    // A save that is made from now on does not take the world for unchanged.
    Answer<Success> announce_change(Caller caller, const Place& place);

    Servers& servers_;
    ServerStore& store_;
    Files& files_;
    Used used_;
};

}  // namespace gk::app
