#include "launcher/rules/permit.hpp"

#include <algorithm>

#include "launcher/rules/sandbox.hpp"

namespace gk::launcher {
namespace {

using namespace wire::launcher;

constexpr std::uint32_t disk_mebibytes_max = 4 << 20;  // 4 TiB.
constexpr std::uint32_t memory_mebibytes_min = 4;
constexpr std::size_t extra_bytes_max = 1 << 20;
constexpr std::size_t host_name_max = 63;

std::unexpected<Failure> refuse(std::string text) { return fail(Failure::Kind::invalid, std::move(text)); }

bool is_plain_name(const std::string& name) { return !name.empty() && name != "." && name != ".." && !name.contains('/') && !name.contains('\0'); }

class Permit {
public:
    explicit Permit(const Options& options) : options_(options) {}

    Outcome<Success> operator()(const CreateDisk& order) const {
        TRY_OK(slot(order.slot));
        if (order.mebibytes >= 8 && order.mebibytes <= disk_mebibytes_max) return Success{};
        return refuse(fmt::format("a disk of {} MiB: 8 to {} are possible", order.mebibytes, disk_mebibytes_max));
    }
    Outcome<Success> operator()(const OwnDisk& order) const { return slot(order.slot); }
    Outcome<Success> operator()(const Launch& order) const {
        TRY_OK(slot(order.slot));
        const auto& program = order.spec.program;
        if (program.argv.empty() || !program.argv.front().starts_with('/')) return refuse("the game's program is no absolute path");
        if (!program.working_directory.starts_with('/')) return refuse("the game's working directory is no absolute path");
        if (order.cpu_millis == 0 || order.memory_mebibytes < memory_mebibytes_min)
            return refuse(fmt::format("a game needs processor time and at least {} MiB of memory", memory_mebibytes_min));
        const auto bad = std::ranges::find_if_not(order.mounts, [](const Mount& mount) { return is_mount_target(mount.target); });
        if (bad == order.mounts.end()) return Success{};
        return refuse(fmt::format("nothing can be mounted at {} in a game's sandbox", bad->target));
    }
    Outcome<Success> operator()(const RunConfined& order) const {
        const auto program = order.argv.empty() ? std::string() : order.argv.front();
        if (!options_.confined_programs.contains(program)) return refuse(fmt::format("\"{}\" is not a program that may run confined", program));
        if (order.needs_network && !options_.confined_network) return refuse("the vault is a folder, for which no program needs the network");
        if (order.host_name.size() > host_name_max || order.host_name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string::npos)
            return refuse(fmt::format("\"{}\" is no name of a machine", order.host_name));
        std::size_t bytes = 0;
        for (const auto& [name, content] : order.extra_files) {
            if (!is_plain_name(name)) return refuse(fmt::format("\"{}\" is no plain file name", name));
            bytes += content.size();
        }
        if (bytes > extra_bytes_max) return refuse("the extra files are larger than 1 MiB together");
        return Success{};
    }
    template <class T>
    Outcome<Success> operator()(const T&) const {
        return Success{};  // Names a server, or nothing.
    }

private:
    Outcome<Success> slot(std::uint32_t slot) const {
        if (slot < options_.uid_count) return Success{};
        return fail(Failure::Kind::exhausted,
                    fmt::format("slot {} is outside the range of {} uids: forget servers, or raise the range", slot, options_.uid_count));
    }

    const Options& options_;
};

}  // namespace

Outcome<Success> permit(const Options& options, const Order& order) { return std::visit(Permit(options), order); }

std::vector<std::string> confined_environment(const RunConfined& order, const std::string& home) {
    std::vector<std::string> env = {"PATH=/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + home};
    for (const auto& [name, value] : order.env) {
        if (!name.starts_with("LD_")) env.push_back(fmt::format("{}={}", name, value));
    }
    return env;
}

}  // namespace gk::launcher
