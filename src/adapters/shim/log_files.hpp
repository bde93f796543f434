#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ports/runtime.hpp"

namespace gk::shim {

// Reads the log files of one server (wire/shim/layout.hpp) while a shim writes them. A line that is only half there yet is not there.
class LogFiles {
public:
    explicit LogFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

    // Lines from `cursor` on, oldest first, at most `lines_max` and about a mebibyte. A cursor in the middle of a line starts at the next
    // one; one older than what is kept, at the oldest. No log yet: no lines.
    Result<std::vector<LogLine>, RuntimeError> read(std::uint64_t cursor, std::size_t lines_max) const;
    // The cursor that starts the last `lines` lines.
    Result<std::uint64_t, RuntimeError> cursor_from_end(std::size_t lines) const;
    // When something was last written; the beginning of time when there is nothing.
    Time last_written() const;

private:
    std::filesystem::path folder_;
};

}  // namespace gk::shim
