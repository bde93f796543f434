#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wire/shim/pod.hpp"

// How a log of several files (wire/shim/layout.hpp) is read while somebody writes it. Whoever can read the files says how; the rules are here.
namespace gk::wire::shim {

class LogSource {
public:
    virtual ~LogSource() = default;
    struct File {
        std::uint64_t base = 0;
        std::uint64_t size = 0;
    };
    // Those that are there, by rising base.
    virtual std::vector<File> files() const = 0;
    // Bytes [from, from + size_max) of one of them, fewer at its end. One that rotation has just removed is empty.
    virtual std::string part(std::uint64_t base, std::uint64_t from, std::size_t size_max) const = 0;
};

// Lines from `cursor` on, oldest first, at most `lines_max` and about `bytes_max`. A cursor in the middle of a line starts at the next one; one
// older than what is kept, at the oldest. A line that is only half there yet is not there.
std::vector<LogLine> lines_from(const LogSource& log, std::uint64_t cursor, std::size_t lines_max, std::size_t bytes_max);
// The cursor that starts the last `lines` lines; 0 when there is no log.
std::uint64_t start_of_last(const LogSource& log, std::size_t lines);

}  // namespace gk::wire::shim
