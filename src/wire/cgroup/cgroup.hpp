#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_names.hpp"

// Control groups as Linux shows them (Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst): one hierarchy for all controllers in version 2,
// one for each, side by side, in version 1. Here is which files there are and what they say; reading them is others' work.
namespace gk::wire::cgroup {

enum class Version : std::uint8_t { none, v1, v2 };
inline constexpr auto version_names = std::to_array<std::string_view>({"none", "v1", "v2"});
constexpr std::span<const std::string_view> names_of(Version) { return version_names; }

// Which one is mounted at `root`, for example /sys/fs/cgroup. In the hybrid layout the controllers are those of version 1.
Version version_at(const std::string& root);

// The files of a group ("/gamekeeper/<uid>"); empty names with Version::none.
struct Files {
    std::string cpu;           // cpu_ns()
    std::string memory;        // number(): of all kinds, caches included
    std::string memory_stat;   // reclaimable_bytes()
    std::string memory_peak;   // number(); not there before Linux 5.19 in version 2
    std::string memory_kills;  // kills()
};
Files files_of(Version version, const std::string& root, const std::string& group);

// Processor time since the group was made.
std::uint64_t cpu_ns(Version version, std::string_view cpu);
// Caches of files that nobody uses: the kernel takes them back by itself, and people do not count them.
std::uint64_t reclaimable_bytes(Version version, std::string_view memory_stat);
// How many of the group's processes the kernel has ended for want of memory, ever.
std::uint64_t kills(std::string_view memory_kills);
// A file of one number; 0 when it is none.
std::uint64_t number(std::string_view text);

}  // namespace gk::wire::cgroup
