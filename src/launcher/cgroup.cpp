#include "launcher/cgroup.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "launcher/places.hpp"

namespace gk::launcher {

using wire::cgroup::Version;

namespace {

// Not cpuset: a new group there has no processors until somebody gives it some, and takes no process.
constexpr auto controllers = std::to_array<const char*>({"memory", "pids", "cpu", "cpuacct", "freezer", "systemd"});

void make_group(const std::string& group) {
    std::error_code error;
    std::filesystem::create_directories(group, error);
}

void move_into(const std::string& group, pid_t process) {
    make_group(group);
    std::ofstream(group + "/cgroup.procs") << process;
}

}  // namespace

void Cgroup::make(const std::string& path) const {
    if (version_ != Version::none) make_group(root_ + (version_ == Version::v1 ? "/memory" : "") + path);
}

void Cgroup::adopt(const std::string& path, pid_t process) const {
    if (version_ == Version::v2) move_into(root_ + path, process);
    if (version_ != Version::v1) return;
    for (const auto* controller : controllers) {
        const auto hierarchy = fmt::format("{}/{}", root_, controller);
        if (exists(hierarchy)) move_into(hierarchy + path, process);
    }
}

void Cgroup::remove(const std::string& path) const {
    if (version_ == Version::v2) ::rmdir((root_ + path).c_str());
    if (version_ != Version::v1) return;
    std::error_code error;
    for (const auto& hierarchy : std::filesystem::directory_iterator(root_, error)) ::rmdir((hierarchy.path().string() + path).c_str());
}

bool Cgroup::limits_swap() const {
    return version_ == Version::v2 || (version_ == Version::v1 && exists(root_ + "/memory/memory.memsw.limit_in_bytes"));
}

}  // namespace gk::launcher
