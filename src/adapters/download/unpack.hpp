#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "ports/game_files.hpp"

namespace gk::download {

// What an archive may become. A few bytes can hold endless zeros: the growth is bounded too.
struct UnpackLimits {
    std::size_t entries_max = 100'000;
    std::size_t depth_max = 32;
    std::uint64_t bytes_max = std::uint64_t{64} << 30;
    std::uint64_t growth_max = 200;                       // Times the archive's size ...
    std::uint64_t growth_free = std::uint64_t{64} << 20;  // ... beyond so many bytes.
};

// Unpacks a tar (plain or compressed) or zip archive into `folder`, which exists, is empty and nobody else's. Blocks.
//
// Files become 0644, or 0755 when somebody may execute them; folders 0755. Symbolic links are kept when they stay inside. Anything else makes the
// whole archive refused, and what is in the folder then is of no use: names that are absolute or hold "..", devices, pipes, hard links, encrypted
// entries. No entry is written through a link: every folder on its way is opened by itself, and must be one.
//
// `below`: so many leading parts of each name are left out; entries that have no more are passed over.
Result<Success, GameFilesError> unpack(const std::string& archive, catalog::Unpack kind, int below, const std::string& folder,
                                       const UnpackLimits& limits);

}  // namespace gk::download
