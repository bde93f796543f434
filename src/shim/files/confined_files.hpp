#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "wire/files/protocol.hpp"

namespace gk::shim {

// Why something could not be done; never `done`.
struct FilesRefusal {
    wire::files::Status status;
    std::string detail;
};

// The files below one directory, which hostile programs may change at any moment. Every path is resolved by the kernel in one step
// (openat2: beneath the directory, through no link of any kind, on no other file system), never checked first and used later. Everything else
// happens on the descriptors got that way; a link is removed or listed as itself and never followed. Blocking.
class ConfinedFiles {
public:
    static Result<ConfinedFiles, FilesRefusal> open(const std::string& directory);

    // The meaning of these is that of ports/files.hpp.
    Result<std::vector<wire::files::Entry>, FilesRefusal> list(std::string_view path) const;
    Result<std::vector<std::byte>, FilesRefusal> read(std::string_view path, std::size_t size_max) const;
    Result<Success, FilesRefusal> write(std::string_view path, ByteSpan content) const;
    Result<Success, FilesRefusal> remove(std::string_view path, bool recursive) const;

private:
    explicit ConfinedFiles(Descriptor root) : root_(std::move(root)) {}
    Descriptor root_;
};

}  // namespace gk::shim
