#include <algorithm>
#include <filesystem>
#include <functional>
#include <pwd.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "programs/cli/findings.hpp"
#include "programs/cli/local_commands.hpp"
#include "programs/cli/values.hpp"
#include "programs/config/usual_places.hpp"
#include "programs/serve/rights.hpp"
#include "programs/serve/serve.hpp"

namespace gk::programs {
namespace {

constexpr std::uint64_t disk_low_bytes = std::uint64_t{2} << 30;
constexpr long cgroup2_magic = 0x63677270;

using enum Finding::Level;

void check_program(Findings& out, const std::string& name, const std::vector<std::string>& places, const std::string& why,
                   const std::string& package) {
    for (const auto& place : places) {
        if (access(place.c_str(), X_OK) != 0) continue;
        out.push_back({good, name, place, ""});
        return;
    }
    out.push_back({wrong, name, "not installed; " + why, "apt-get install " + package});
}

void check_rights(Findings& out) {
    if (geteuid() != 0) {
        out.push_back({warning, "rights", "not root: games of a serve that you start run as plain processes, without sandbox and own users",
                       "start serve as root"});
    }
    if (getpwnam("gamekeeper") == nullptr) {
        out.push_back(
            {warning, "user", "there is no user 'gamekeeper'; serve takes a bare uid instead", "useradd --system --no-create-home gamekeeper"});
    }
}

void check_cgroups(Findings& out) {
    struct statfs info{};
    if (statfs("/sys/fs/cgroup", &info) != 0) {
        out.push_back({wrong, "cgroups", "none are mounted: memory, cpu and process limits cannot be kept", "mount -t cgroup2 none /sys/fs/cgroup"});
    } else if (info.f_type == cgroup2_magic) {
        out.push_back({good, "cgroups", "version 2", ""});
    } else if (std::filesystem::exists("/sys/fs/cgroup/memory/tasks")) {
        out.push_back({good, "cgroups", "version 1", ""});
    } else {
        out.push_back({wrong, "cgroups", "version 1 without the memory controller: memory limits cannot be kept", "boot with cgroup_enable=memory"});
    }
}

void check_disks(Findings& out, const std::string& state) {
    if (access("/dev/loop-control", F_OK) != 0) {
        out.push_back({warning, "disk images", "no loop devices: worlds are folders whose size is measured, not enforced", "modprobe loop"});
    } else {
        out.push_back({good, "disk images", "loop devices are there", ""});
    }
    struct statvfs info{};
    if (statvfs(state.c_str(), &info) != 0) {
        out.push_back({warning, "state", state + " is not there yet; the first start of serve makes it", ""});
        return;
    }
    const auto room = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
    if (room < disk_low_bytes)
        out.push_back(
            {wrong, "room", fmt::format("only {} are free in {}", size_text(room), state), "make room, or move vault.place to another disk"});
    else out.push_back({good, "room", fmt::format("{} free in {}", size_text(room), state), ""});
}

// Letters that nobody got, and those on the way that were refused for now.
void check_notices(Findings& out, ApiClient& api) {
    const auto incidents = api.all("/v1/incidents");
    if (!incidents) return;  // What follows says why.
    for (const auto& incident : *incidents) {
        for (const auto& letter : *member(incident, "deliveries").as_array()) {
            const auto status = text_at(letter, "status");
            const auto answer = text_at(letter, "answer");
            if (status == "delivered" || answer.empty()) continue;
            out.push_back({status == "failed" ? wrong : warning, "notice",
                           fmt::format("{} was not told of {} at '{}': {}", text_at(letter, "to"), text_at(incident, "kind"),
                                       text_at(incident, "server"), answer),
                           "mend what it says, then: gamekeeper mail test"});
        }
    }
}

// Whether games behind the edge see their players.
void check_players_addresses(Findings& out, ApiClient& api) {
    if (const auto edges = api.all("/v1/edge/stats")) {
        for (const auto& edge : *edges) {
            for (const auto& complaint : *member(edge, "wrong").as_array()) out.push_back({warning, "edge", to_json(complaint), ""});
        }
    }
    const auto servers = api.all("/v1/servers");
    if (!servers) return;
    const auto hidden = std::ranges::count_if(*servers, [](const Value& server) { return text_at(server, "source") == "hidden"; });
    if (hidden == 0) return;
    out.push_back({warning, "players",
                   fmt::format("{} games see the edge's address instead of players': a ban by address there hits everybody", hidden),
                   "the first lines of serve's log say why it is so here; after it is mended restart these games. "
                   "Meanwhile: gamekeeper edge ban ADDRESS"});
}

void check_running(Findings& out, const PlaceWish& wish) {
    auto place = find_api(wish);
    if (!place) {
        out.push_back({wrong, "API", place.error().message, ""});
        return;
    }
    ApiClient api(*place);
    check_notices(out, api);
    check_players_addresses(out, api);
    auto ready = api.call({.path = "/readyz"});
    if (!ready) {
        out.push_back({warning, "API", ready.error().message, "gamekeeper serve   (or make up)"});
        return;
    }
    for (const char* part : {"store", "runtime", "vault", "keeper"}) {
        const auto& state = member(ready->body, part);
        const auto* ok = member(state, "ok").as_bool();
        const auto detail = text_at(state, "detail");
        const auto holder = text_at(state, "holder");
        const auto fine = holder.empty() ? std::string("fine") : fmt::format("fine; {} keeps", holder);
        out.push_back({ok != nullptr && *ok ? (detail.empty() ? good : warning) : wrong, part, detail.empty() ? fine : detail, ""});
    }
    if (auto keys = api.call({.path = "/v1/keys"}); !keys)
        out.push_back({warning, "key", keys.error().message, "--key KEY, GK_KEY, or run as root on the socket"});
}

}  // namespace

Done doctor(const Output& output, const PlaceWish& wish) {
    Findings findings;
    check_rights(findings);
    check_program(findings, "runc", {"/usr/sbin/runc", "/usr/bin/runc"}, "games cannot be put into a sandbox", "runc");
    check_program(findings, "restic", {"/usr/bin/restic"}, "nothing can be backed up", "restic");
    check_program(findings, "mkfs.ext4", {"/sbin/mkfs.ext4", "/usr/sbin/mkfs.ext4"}, "worlds cannot have disks of their own", "e2fsprogs");
    check_program(findings, "iptables", {"/usr/sbin/iptables", "/sbin/iptables"}, "games cannot be kept from each other's admin ports", "iptables");
    check_program(findings, "ip", {"/usr/sbin/ip", "/sbin/ip"}, "games behind the edge cannot see players' addresses", "iproute2");
    check_program(findings, "gk-shim", {sibling_program("gk-shim")}, "no game can be started",
                  "gamekeeper (gk-shim must lie beside the gamekeeper program)");
    check_cgroups(findings);
    check_disks(findings, wish.state.empty() ? default_state() : wish.state);
    check_running(findings, wish);
    return report(output, findings);
}

}  // namespace gk::programs
