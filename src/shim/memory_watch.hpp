#pragma once

#include <cstdint>
#include <string>

namespace gk::shim {

// What the memory cgroup of a game says of it. The group is named by the host and exists before the game does and after it: so it can be
// read at any time, and is never mistaken for the group that a process falls back to when it has ended, which is the whole machine's.
class MemoryWatch {
public:
    // Knows nothing: every answer is 0.
    MemoryWatch() = default;
    // `group` is the path below the hierarchies, which are mounted at `cgroup_root`; empty: there is none.
    MemoryWatch(const std::string& cgroup_root, const std::string& group);

    // How many processes of it the kernel has killed for want of memory since this object was made.
    std::uint64_t kills() const;
    // 0: not known.
    std::uint64_t peak_bytes() const;

private:
    std::uint64_t kills_ever() const;

    std::string kills_file_;
    std::string peak_file_;
    std::uint64_t kills_before_ = 0;
};

}  // namespace gk::shim
