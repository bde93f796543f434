#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "domain/server/types.hpp"
#include "ports/clock.hpp"
#include "ports/host.hpp"
#include "wire/cgroup/cgroup.hpp"

// What a server uses, read from where the kernel shows it to everybody: no root needed, no process started.
namespace gk::runc {

class GroupReader {
public:
    // `root`: where control groups are mounted; `parent`: the group that holds one for each server.
    GroupReader(Clock& clock, std::string root, std::string parent);

    struct Use {
        MilliCpu cpu{};  // The mean since the last call for this server; 0 at the first.
        MebiBytes memory{};
    };
    Use read(ServerUid uid);
    void forget(ServerUid uid) { last_.erase(uid); }
    bool can_read() const { return version_ != wire::cgroup::Version::none; }

private:
    struct Sample {
        Time at{};
        std::uint64_t cpu_ns = 0;
    };
    Clock& clock_;
    std::string root_;
    std::string parent_;
    wire::cgroup::Version version_;
    std::map<ServerUid, Sample> last_;
};

// What can be seen of a server's disks in its folder; nullopt when the launcher must look: one is not mounted, a switch was interrupted, or
// something cannot be seen at all.
std::optional<Host::Disks> disks_in(const std::string& server_folder);

struct DiskUse {
    MebiBytes used{};
    MebiBytes size{};
};
// Of the file system that is mounted at `mount`; both are equal when nothing more can be written. nullopt: nothing is mounted there.
std::optional<DiskUse> disk_use(const std::string& mount);

MebiBytes mebibytes(std::uint64_t bytes);

}  // namespace gk::runc
