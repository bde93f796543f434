#pragma once

#include <map>

#include "ports/clock.hpp"
#include "ports/files.hpp"

namespace gk::memory {

// Worlds as trees in memory. Every server has an empty world from the first call on.
class MemoryFiles final : public Files {
public:
    explicit MemoryFiles(const Clock& clock) : clock_(clock) {}

    Answer<std::vector<FileInfo>> list(ServerUid server, std::string path) override;
    Answer<std::vector<std::byte>> read(ServerUid server, std::string path, std::size_t size_max) override;
    Answer<Success> write(ServerUid server, std::string path, std::vector<std::byte> content) override;
    Answer<Success> remove(ServerUid server, std::string path, bool recursive) override;

private:
    struct Node {
        bool is_directory = true;
        std::vector<std::byte> content;
        std::map<std::string, Node> children;
        Time modified{};
    };
    using Names = std::vector<std::string>;
    static Result<Node*, FilesError> walk(Node& root, const Names& names);

    const Clock& clock_;
    std::map<ServerUid, Node> worlds_;
};

}  // namespace gk::memory
