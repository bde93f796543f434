#include "shim/memory_watch.hpp"

#include "shim/system.hpp"
#include "wire/cgroup/cgroup.hpp"

namespace gk::shim {

namespace {

constexpr std::size_t file_size_max = 16 * 1024;

std::string content_of(const std::string& path) { return path.empty() ? std::string() : read_file(path, file_size_max).value_or(""); }

}  // namespace

MemoryWatch::MemoryWatch(const std::string& cgroup_root, const std::string& group) {
    if (group.empty()) return;
    auto files = wire::cgroup::files_of(wire::cgroup::version_at(cgroup_root), cgroup_root, group);
    kills_file_ = std::move(files.memory_kills);
    peak_file_ = std::move(files.memory_peak);
    kills_before_ = kills_ever();
}

std::uint64_t MemoryWatch::kills() const { return kills_ever() - kills_before_; }
std::uint64_t MemoryWatch::kills_ever() const { return wire::cgroup::kills(content_of(kills_file_)); }
std::uint64_t MemoryWatch::peak_bytes() const { return wire::cgroup::number(content_of(peak_file_)); }

}  // namespace gk::shim
