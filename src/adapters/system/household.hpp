#pragma once

#include <string>

#include "base/result.hpp"

namespace gk::system {

// The one process that uses a state directory, for as long as it lives and however it ends (flock). Whoever is it knows that all who were it before
// him are dead: the kernel lets go of a lock with the process that held it, and not a moment earlier.
class Household {
public:
    // Refuses while another process has the directory, and makes the directory when it is not there.
    static Result<Household, std::string> take(const std::string& state);
    Household(Household&& other) noexcept;
    Household& operator=(Household&&) = delete;
    ~Household();

    // The same for every process that takes this directory on this kernel, and never that of another directory, also not of a copy of it elsewhere:
    // what kernel, host name and file system call it. 16 hexadecimal digits.
    const std::string& name() const { return name_; }

private:
    Household(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
    int descriptor_;
    std::string name_;
};

}  // namespace gk::system
