#pragma once

#include <span>

#include "launcher/failure.hpp"

namespace gk::launcher {

// Turns this process into `uid` for good, with nothing of root but these capabilities, which a program executed next keeps. No new
// privileges can be gained. Where a capability would let a program open files by handle, past every mount, those calls are shut.
Outcome<Success> become(std::uint32_t uid, std::uint32_t gid, std::span<const int> capabilities);

}  // namespace gk::launcher
