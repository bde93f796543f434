#include "launcher/cgroup.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "launcher/places.hpp"

namespace gk::launcher {
namespace {

std::uint64_t number(std::string_view text) {
    std::uint64_t out = 0;
    text = trimmed(text);
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

// The number behind `key` in a file of lines "key number"; 0 when there is none.
std::uint64_t number_of(std::string_view lines, std::string_view key) {
    for (const auto line : split(lines, '\n')) {
        if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) return number(line.substr(key.size() + 1));
    }
    return 0;
}

void make_group(const std::string& group) {
    std::error_code error;
    std::filesystem::create_directories(group, error);
}

void move_into(const std::string& group, pid_t process) {
    make_group(group);
    std::ofstream(group + "/cgroup.procs") << process;
}

// Caches are memory that the kernel takes back by itself: not counted, as people do not count them.
constexpr std::uint64_t without(std::uint64_t all, std::uint64_t reclaimable) { return all > reclaimable ? all - reclaimable : 0; }

class CgroupV2 final : public Cgroup {
public:
    explicit CgroupV2(std::string root) : root_(std::move(root)) {}
    std::string_view kind() const override { return "v2"; }
    Usage usage(const std::string& path) const override {
        const std::string group = root_ + path;
        const auto inactive = number_of(read_file(group + "/memory.stat"), "inactive_file");
        return {.cpu_ns = number_of(read_file(group + "/cpu.stat"), "usage_usec") * 1000,
                .memory_bytes = without(number(read_file(group + "/memory.current")), inactive)};
    }
    void make(const std::string& path) const override { make_group(root_ + path); }
    void adopt(const std::string& path, pid_t process) const override { move_into(root_ + path, process); }
    void remove(const std::string& path) const override { ::rmdir((root_ + path).c_str()); }
    bool limits_swap() const override { return true; }

private:
    std::string root_;
};

// One hierarchy for each controller, side by side below the root.
class CgroupV1 final : public Cgroup {
public:
    explicit CgroupV1(std::string root) : root_(std::move(root)) {}
    std::string_view kind() const override { return "v1"; }
    Usage usage(const std::string& path) const override {
        const std::string memory = root_ + "/memory" + path;
        const auto inactive = number_of(read_file(memory + "/memory.stat"), "total_inactive_file");
        return {.cpu_ns = number(read_file(root_ + "/cpuacct" + path + "/cpuacct.usage")),
                .memory_bytes = without(number(read_file(memory + "/memory.usage_in_bytes")), inactive)};
    }
    void make(const std::string& path) const override { make_group(root_ + "/memory" + path); }
    void adopt(const std::string& path, pid_t process) const override {
        // Not cpuset: a new group there has no processors until somebody gives it some, and takes no process.
        for (const auto* controller : {"memory", "pids", "cpu", "cpuacct", "freezer", "systemd"}) {
            const auto hierarchy = fmt::format("{}/{}", root_, controller);
            if (exists(hierarchy)) move_into(hierarchy + path, process);
        }
    }
    void remove(const std::string& path) const override {
        std::error_code error;
        for (const auto& hierarchy : std::filesystem::directory_iterator(root_, error)) ::rmdir((hierarchy.path().string() + path).c_str());
    }
    bool limits_swap() const override { return exists(root_ + "/memory/memory.memsw.limit_in_bytes"); }

private:
    std::string root_;
};

class NoCgroup final : public Cgroup {
public:
    std::string_view kind() const override { return "none"; }
    Usage usage(const std::string&) const override { return {}; }
    void make(const std::string&) const override {}
    void adopt(const std::string&, pid_t) const override {}
    void remove(const std::string&) const override {}
    bool limits_swap() const override { return false; }
};

}  // namespace

std::unique_ptr<Cgroup> find_cgroup(const std::string& root) {
    if (exists(root + "/cgroup.controllers")) return std::make_unique<CgroupV2>(root);
    if (exists(root + "/memory/cgroup.procs") && exists(root + "/pids/cgroup.procs")) return std::make_unique<CgroupV1>(root);
    return std::make_unique<NoCgroup>();
}

}  // namespace gk::launcher
