#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/units.hpp"

namespace gk::launcher {

// What the launcher is told at its start, by the part of `gamekeeper serve` that is still root. Nothing here ever comes from a request.
struct Options {
    std::string state;                // Absolute. The launcher owns <state>/servers and nothing else.
    std::string vault;                // Absolute. Repositories of confined programs lie below.
    std::uint32_t client_uid = 0;     // The control plane's user ...
    std::uint32_t client_gid = 0;     // ... and group, which may read logs and talk to shims.
    std::uint32_t uid_base = 600000;  // A server's operating system uid and gid are uid_base + slot.
    std::uint32_t uid_count = 60000;
    std::string shim;          // The program gk-shim.
    std::string files_server;  // A program run as `PROGRAM files-server --fd 3 --root /data`, and as `PROGRAM edge`; the gamekeeper binary.
    std::string runc = "/usr/sbin/runc";
    std::vector<Port> closed_ports;  // Loopback ports that no game may reach: our API.
    std::vector<std::string> mount_prefixes = {"/usr", "/opt"};  // Sources of a game's read-only mounts lie below one of these.
    std::map<std::string, std::string> confined_programs = {{"restic", "/usr/bin/restic"}};
    bool own_addresses = false;     // Games have addresses of their own, by which they see players' (docs/adr/0031).
    bool confined_network = false;  // They may reach the network: the vault is an object store.
    std::string cgroup_root = "/sys/fs/cgroup";
    std::string cgroup_parent = "/gamekeeper";  // Below it one group for each server, and one for the shims.
};

}  // namespace gk::launcher
