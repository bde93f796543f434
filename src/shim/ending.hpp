#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "wire/shim/protocol.hpp"

namespace gk::shim {

// What is known when the game's first process has ended.
struct Ending {
    bool asked = false;            // A stop or kill was asked for, or the shim was told to end.
    bool start_timed_out = false;  // It never became ready; the shim ended it for that.
    bool killed_by_us = false;
    std::optional<int> signal;
    std::uint64_t memory_kills = 0;  // By the kernel, since the start of this run.
};

// Intent decides: real games exit 1, or die by a signal, when they are asked to stop. The kernel's word comes next: a game whose
// worker was killed for want of memory often ends with an ordinary code of its own.
constexpr wire::shim::Cause cause_of(const Ending& ending) {
    using wire::shim::Cause;
    const bool killed_by_kernel = ending.memory_kills > 0 && ending.signal == 9 && !ending.killed_by_us;
    if (killed_by_kernel) return Cause::out_of_memory;
    if (ending.start_timed_out) return Cause::start_timeout;
    if (ending.asked) return Cause::asked;
    return ending.memory_kills > 0 ? Cause::out_of_memory : Cause::crashed;
}

// The last lines of the log, bounded in number and bytes.
class Tail {
public:
    void add(std::string_view line);
    std::string text() const;

private:
    std::deque<std::string> lines_;
    std::size_t bytes_ = 0;
};

}  // namespace gk::shim
