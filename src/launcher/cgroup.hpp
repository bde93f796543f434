#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace gk::launcher {

// Control groups, by their path below the root of the hierarchy ("/gamekeeper/<uid>"). runc makes a game's group and sets its limits; here
// they are read and removed, and the shims get one of their own, so that stopping our service ends no game.
class Cgroup {
public:
    struct Usage {
        std::uint64_t cpu_ns = 0;  // Since the group was made.
        std::uint64_t memory_bytes = 0;
        bool operator==(const Usage&) const = default;
    };
    virtual ~Cgroup() = default;
    // "v1", "v2" or "none".
    virtual std::string_view kind() const = 0;
    // Zeros where there is no such group.
    virtual Usage usage(const std::string& path) const = 0;
    // Makes a group that everybody may read: the shim, no longer root, reads there whether its game was out of memory.
    virtual void make(const std::string& path) const = 0;
    // Makes the group when there is none and moves the process into it. What cannot be done is left: it costs order, not safety.
    virtual void adopt(const std::string& path, pid_t process) const = 0;
    // An empty group; a group with processes stays.
    virtual void remove(const std::string& path) const = 0;
    // Whether a limit for memory and swap together can be set.
    virtual bool limits_swap() const = 0;
};

// What the machine has mounted at `root`, for example /sys/fs/cgroup.
std::unique_ptr<Cgroup> find_cgroup(const std::string& root);

}  // namespace gk::launcher
