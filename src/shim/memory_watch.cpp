#include "shim/memory_watch.hpp"

#include <charconv>
#include <string_view>
#include <unistd.h>

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

}  // namespace

MemoryWatch::MemoryWatch(const std::string& cgroup_root, const std::string& group) {
    if (group.empty()) return;
    const bool unified = ::access((cgroup_root + "/cgroup.controllers").c_str(), F_OK) == 0;
    const auto folder = cgroup_root + (unified ? "" : "/memory") + group;
    kills_file_ = folder + (unified ? "/memory.events" : "/memory.oom_control");
    peak_file_ = folder + (unified ? "/memory.peak" : "/memory.max_usage_in_bytes");
    kills_before_ = kills_ever();
}

std::uint64_t MemoryWatch::kills() const { return kills_ever() - kills_before_; }

std::uint64_t MemoryWatch::kills_ever() const {
    constexpr std::string_view key = "oom_kill ";
    const auto content = kills_file_.empty() ? std::string() : read_file(kills_file_, file_size_max).value_or("");
    for (const auto line : split(content, '\n')) {
        if (line.starts_with(key)) return number(line.substr(key.size()));
    }
    return 0;
}

std::uint64_t MemoryWatch::peak_bytes() const { return peak_file_.empty() ? 0 : number(read_file(peak_file_, file_size_max).value_or("")); }

}  // namespace gk::shim
