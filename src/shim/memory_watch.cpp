#include "shim/memory_watch.hpp"

#include <charconv>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "shim/system.hpp"

namespace gk::shim {

namespace {

constexpr std::size_t file_size_max = 16 * 1024;

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

struct Membership {
    std::string path;
    bool unified = false;
};

// Lines are "id:controllers:path"; the unified hierarchy has id 0 and no controllers. Version 1 wins where both exist: in the hybrid
// layout the memory controller is there.
Membership membership_in(std::string_view text) {
    Membership found;
    for (const auto line : split(text, '\n')) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == std::string_view::npos || second == std::string_view::npos) continue;
        const auto controllers = line.substr(first + 1, second - first - 1);
        for (const auto controller : split(controllers, ',')) {
            if (controller == "memory") return {std::string(line.substr(second + 1)), false};
        }
        if (controllers.empty()) found = {std::string(line.substr(second + 1)), true};
    }
    return found;
}

}  // namespace

MemoryWatch MemoryWatch::find(const std::string& membership, const std::string& cgroup_root) {
    MemoryWatch watch;
    const auto group = membership_in(membership);
    if (group.path.empty()) return watch;
    const auto folder = cgroup_root + (group.unified ? "" : "/memory") + group.path;
    // The root group has neither file; it says nothing about one game.
    watch.kills_file_ = folder + (group.unified ? "/memory.events" : "/memory.oom_control");
    watch.peak_file_ = folder + (group.unified ? "/memory.peak" : "/memory.max_usage_in_bytes");
    return watch;
}

MemoryWatch MemoryWatch::of_process(pid_t pid, const std::string& cgroup_root) {
    const auto membership = read_file(fmt::format("/proc/{}/cgroup", pid), file_size_max);
    return membership ? find(*membership, cgroup_root) : MemoryWatch();
}

std::uint64_t MemoryWatch::kills() const {
    constexpr std::string_view key = "oom_kill ";
    const auto content = kills_file_.empty() ? std::string() : read_file(kills_file_, file_size_max).value_or("");
    for (const auto line : split(content, '\n')) {
        if (line.starts_with(key)) return number(line.substr(key.size()));
    }
    return 0;
}

std::uint64_t MemoryWatch::peak_bytes() const { return peak_file_.empty() ? 0 : number(read_file(peak_file_, file_size_max).value_or("")); }

}  // namespace gk::shim
