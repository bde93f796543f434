#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "domain/wake/seen_face.hpp"

namespace gk::programs {

// A small file of JSON. On disk, whole, when keep_file() returns; nothing when there was none to read. Errors are sentences that name it.
Result<Success, std::string> keep_file(const std::string& file, std::string_view text);
Result<std::optional<Value>, std::string> read_kept_file(const std::string& file);

// What an edge keeps in a folder of its own: the last table, for when it comes back while the control plane is away, what servers looked like when
// they ran, and the lock that says that one is at work there.
class EdgeFolder {
public:
    // Makes the folder. A sentence when it cannot be used.
    static Result<EdgeFolder, std::string> open(std::string path);

    // Takes the lock, which lasts as long as this process, and writes our pid there. False: another edge has it. With `waits` it returns when that
    // one has ended.
    bool lock(bool waits);
    // Somebody has the lock. Asking never comes in the way of who takes it.
    bool is_taken() const;
    // Who took it last, as he has written there; nothing before he has.
    std::optional<pid_t> holder() const;
    // Empty when none was kept; a sentence when what is there is no table.
    Result<std::optional<wake::RouteTable>, std::string> table() const;
    // On disk when it returns: what a restarted edge reads is whole (docs/adr/0028).
    Result<Success, std::string> keep(const wake::RouteTable& table) const;
    // What servers looked like when they ran; none when none were kept. On disk, as the table, when keep() returns.
    Result<wake::SeenFaces, std::string> faces() const;
    Result<Success, std::string> keep(const wake::SeenFaces& faces) const;
    // Where whoever starts an edge has it log to.
    std::string log_file() const { return path_ + "/edge.log"; }

private:
    explicit EdgeFolder(std::string path) : path_(std::move(path)) {}
    std::string path_;
    Descriptor lock_;
};

}  // namespace gk::programs
