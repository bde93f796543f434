#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace gk::shim {

// What the memory cgroup of a process knows of it: version 1 (memory.oom_control, memory.max_usage_in_bytes) or 2 (memory.events,
// memory.peak). Found while the process lives, read after its end; the group must not have been removed by then.
class MemoryWatch {
public:
    // Knows nothing: every answer is 0.
    MemoryWatch() = default;
    // `membership` is the text of /proc/PID/cgroup, `cgroup_root` where the hierarchies are mounted.
    static MemoryWatch find(const std::string& membership, const std::string& cgroup_root);
    static MemoryWatch of_process(pid_t pid, const std::string& cgroup_root);

    // How many processes of it the kernel has killed for want of memory, ever.
    std::uint64_t kills() const;
    std::uint64_t peak_bytes() const;

private:
    std::string kills_file_;  // Lines of "oom_kill N" among others.
    std::string peak_file_;   // One number.
};

}  // namespace gk::shim
