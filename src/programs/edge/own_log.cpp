#include "programs/edge/own_log.hpp"

#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.hpp"

namespace gk::programs {

bool rotate_own_log(int error, const std::string& file, std::int64_t size_max) {
    struct stat ours{}, named{};
    if (::fstat(error, &ours) != 0 || !S_ISREG(ours.st_mode) || ours.st_size <= size_max) return false;
    if (::lstat(file.c_str(), &named) != 0 || named.st_ino != ours.st_ino || named.st_dev != ours.st_dev) return false;
    const auto before = file + ".1";
    if (std::rename(file.c_str(), before.c_str()) != 0) return false;
    const Descriptor fresh(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fresh && ::dup2(fresh.get(), error) == error) return true;
    std::rename(before.c_str(), file.c_str());
    return false;
}

}  // namespace gk::programs
