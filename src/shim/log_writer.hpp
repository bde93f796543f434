#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "shim/system.hpp"
#include "wire/shim/spec.hpp"

namespace gk::shim {

// The log of one server as files (wire/shim/layout.hpp). The files are the buffer: readers read them at their own pace, the game never
// waits for one. When the disk refuses bytes the lines are counted and a line says so as soon as it can be written.
class LogWriter {
public:
    // Goes on where the newest file in the folder ends. The folder must stay open.
    static ShimResult<LogWriter> open(int folder, wire::shim::Logging limits);

    // Takes a line into memory; flush() writes what was taken. The text has no control characters (LineSplitter).
    void append(Time at, std::string_view line);
    void flush();
    // The cursor behind the last line, written or not.
    std::uint64_t end() const { return written() + pending_.size(); }
    // The cursor behind the last line that can be read.
    std::uint64_t written() const { return base_ + size_; }
    // What is written goes there too as well as it can, for people who look at a pod's output.
    void echo_to(int fd) { echo_ = fd; }

private:
    LogWriter(int folder, wire::shim::Logging limits) : folder_(folder), limits_(limits) {}
    ShimResult<Success> open_newest();
    ShimResult<Success> open_file(std::uint64_t base);
    void end_torn_line();
    void rotate();
    bool write_pending();

    int folder_;
    int echo_ = -1;
    wire::shim::Logging limits_;
    Descriptor file_;
    std::deque<std::uint64_t> bases_;  // Of the files that exist, oldest first; the last one is written to.
    std::uint64_t base_ = 0;
    std::uint64_t size_ = 0;
    std::string pending_;
    std::uint64_t pending_lines_ = 0;
    std::uint64_t lost_lines_ = 0;
};

}  // namespace gk::shim
