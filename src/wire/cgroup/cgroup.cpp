#include "wire/cgroup/cgroup.hpp"

#include <charconv>
#include <unistd.h>

#include "base/text.hpp"

namespace gk::wire::cgroup {
namespace {

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// The number behind `key` in lines of "key number"; 0 when there is none.
std::uint64_t number_of(std::string_view lines, std::string_view key) {
    for (const auto line : split(lines, '\n')) {
        if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) return number(line.substr(key.size() + 1));
    }
    return 0;
}

}  // namespace

Version version_at(const std::string& root) {
    if (exists(root + "/cgroup.controllers")) return Version::v2;
    return exists(root + "/memory/cgroup.procs") && exists(root + "/pids/cgroup.procs") ? Version::v1 : Version::none;
}

Files files_of(Version version, const std::string& root, const std::string& group) {
    const auto in = [&](std::string_view controller, std::string_view file) { return root + std::string(controller) + group + std::string(file); };
    switch (version) {
    case Version::none: break;
    case Version::v1:
        return {.cpu = in("/cpuacct", "/cpuacct.usage"),
                .memory = in("/memory", "/memory.usage_in_bytes"),
                .memory_stat = in("/memory", "/memory.stat"),
                .memory_peak = in("/memory", "/memory.max_usage_in_bytes"),
                .memory_kills = in("/memory", "/memory.oom_control")};
    case Version::v2:
        return {.cpu = in("", "/cpu.stat"),
                .memory = in("", "/memory.current"),
                .memory_stat = in("", "/memory.stat"),
                .memory_peak = in("", "/memory.peak"),
                .memory_kills = in("", "/memory.events")};
    }
    return {};
}

std::uint64_t cpu_ns(Version version, std::string_view cpu) { return version == Version::v2 ? number_of(cpu, "usage_usec") * 1000 : number(cpu); }

std::uint64_t reclaimable_bytes(Version version, std::string_view memory_stat) {
    return number_of(memory_stat, version == Version::v2 ? "inactive_file" : "total_inactive_file");
}

std::uint64_t kills(std::string_view memory_kills) { return number_of(memory_kills, "oom_kill"); }

std::uint64_t number(std::string_view text) {
    std::uint64_t out = 0;
    text = trimmed(text);
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

}  // namespace gk::wire::cgroup
