#pragma once

#include <optional>
#include <set>
#include <string>

#include "ports/game_files.hpp"

namespace gk::memory {

// Fetches everything at once, or fails as it is told to.
class MemoryGameFiles final : public GameFiles {
public:
    std::optional<GameFilesError> failure;
    std::set<std::string> present;  // Digests.
    bool is_slow = false;  // It never comes to an end.
    int fetches = 0;

    std::string folder(const catalog::Download& download) const override { return "/downloads/" + download.digest; }
    bool has(const catalog::Download& download) const override { return present.contains(download.digest); }
    Task<Result<bool, GameFilesError>> fetch(catalog::Download download) override {
        ++fetches;
        if (failure) co_return std::unexpected(*failure);
        if (!is_slow) present.insert(download.digest);
        co_return !is_slow;
    }
};

}  // namespace gk::memory
