#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "base/time.hpp"

// What /proc says about processes of our own user.
namespace gk::process {

// Processes whose environment held `entry` ("NAME=value") when they were executed. Children inherit it, so this finds whatever a game has
// started, also after its parent has died.
std::vector<pid_t> processes_with(const std::string& entry);

struct ProcessUse {
    Milliseconds cpu{};
    std::uint64_t memory_bytes = 0;
};
// Zeros when it has ended.
ProcessUse use_of(pid_t process);

}  // namespace gk::process
