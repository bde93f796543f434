#include "shim/pod_use.hpp"

#include <sys/statvfs.h>

#include "shim/system.hpp"
#include "wire/cgroup/cgroup.hpp"

namespace gk::shim {

namespace {

constexpr std::size_t file_size_max = 16 * 1024;

std::string content_of(const std::string& path) { return path.empty() ? std::string() : read_file(path, file_size_max).value_or(""); }

}  // namespace

wire::shim::PodUse pod_use(const std::string& cgroup_root, const std::string& volume) {
    namespace cgroup = wire::cgroup;
    const auto version = cgroup::version_at(cgroup_root);
    const auto files = cgroup::files_of(version, cgroup_root, "");
    wire::shim::PodUse use{.at = wall_now(), .cpu_ns = cgroup::cpu_ns(version, content_of(files.cpu))};
    const auto all = cgroup::number(content_of(files.memory));
    const auto reclaimable = cgroup::reclaimable_bytes(version, content_of(files.memory_stat));
    use.memory_bytes = all > reclaimable ? all - reclaimable : 0;
    struct statvfs disk{};
    if (::statvfs(volume.c_str(), &disk) == 0) {
        use.disk_bytes_max = std::uint64_t{disk.f_blocks} * disk.f_frsize;
        use.disk_bytes = std::uint64_t{disk.f_blocks - disk.f_bfree} * disk.f_frsize;
    }
    return use;
}

}  // namespace gk::shim
