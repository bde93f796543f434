#pragma once

#include <string>
#include <sys/types.h>

#include "wire/cgroup/cgroup.hpp"

namespace gk::launcher {

// Control groups, by their path below the root of the hierarchy ("/gamekeeper/<uid>"). runc sets a game's limits; here its group is made and
// removed, and the shims get one of their own, so that stopping our service ends no game. Reading is left to those who are not root.
class Cgroup {
public:
    // What the machine has mounted at `root`, for example /sys/fs/cgroup.
    explicit Cgroup(std::string root) : root_(std::move(root)), version_(wire::cgroup::version_at(root_)) {}

    // Makes a group for a game, readable by everybody: the shim and the control plane look there at what it uses.
    void make(const std::string& path) const;
    // Makes the group when there is none and moves the process into it. What cannot be done is left: it costs order, not safety.
    void adopt(const std::string& path, pid_t process) const;
    // An empty group; a group with processes stays.
    void remove(const std::string& path) const;
    // Whether a limit for memory and swap together can be set.
    bool limits_swap() const;

private:
    std::string root_;
    wire::cgroup::Version version_;
};

}  // namespace gk::launcher
