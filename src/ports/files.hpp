#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ports/task.hpp"

namespace gk {

struct FilesError {
    // escapes: the path leaves the world or meets a link. too_large: more than the caller's limit. no_space: the disk is full.
    enum class Kind : std::uint8_t { not_found, escapes, exists, not_a_file, not_a_directory, too_large, no_space, unavailable };
    Kind kind;
    std::string detail;
};

struct FileInfo {
    enum class Type : std::uint8_t { file, directory, link, other };
    std::string name;
    Type type = Type::file;
    std::int64_t size = 0;
    Time modified{};
    std::uint32_t mode = 0;
};

// The files of a server's world, as that server's own uid, confined by the kernel to its data directory (openat2, RESOLVE_BENEATH, no
// links followed). Paths are relative, with '/' between names. The disk must be present.
class Files {
public:
    virtual ~Files() = default;
    template <class T>
    using Answer = Task<Result<T, FilesError>>;

    virtual Answer<std::vector<FileInfo>> list(ServerUid server, std::string path) = 0;  // Ordered by name.
    virtual Answer<std::vector<std::byte>> read(ServerUid server, std::string path, std::size_t size_max) = 0;
    // Replaces the whole file in one step (written beside, synced, renamed); makes parents.
    virtual Answer<Success> write(ServerUid server, std::string path, std::vector<std::byte> content) = 0;
    // A directory only when `recursive` or empty. Succeeds when there is nothing.
    virtual Answer<Success> remove(ServerUid server, std::string path, bool recursive) = 0;
};

}  // namespace gk
