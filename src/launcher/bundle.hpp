#pragma once

#include "base/value.hpp"
#include "launcher/cgroup.hpp"
#include "launcher/places.hpp"

// The sandbox of a game, as a bundle of the OCI runtime specification 1.0.2: its own processes, mounts, IPC and host name; nothing of the
// machine but read-only /usr and a small made-up /etc; the world at /data is the only thing on disk it can write; no capabilities, no way
// to gain any, a list of system calls; limits for memory, cpu, processes and open files. The network is the machine's (see firewall.hpp).
namespace gk::launcher {

struct Sandbox {
    ServerUid server;
    std::uint32_t owner = 0;  // Operating system uid and gid.
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;
    std::string working_directory;
    std::vector<wire::launcher::Mount> mounts;  // Read-only, checked.
    std::uint32_t cpu_millis = 0;
    std::uint32_t memory_mebibytes = 0;
    bool limits_swap = false;
    std::uint64_t files_max = 0;
};

// The content of config.json.
Value bundle_config(const Options& options, const Sandbox& sandbox);
// The profile of system calls: what Docker's default allows to a program without capabilities. Everything else is EPERM, so that a call
// that a future kernel adds stays shut; clone() makes processes and threads, not namespaces, and sockets are those that games need.
Value seccomp_profile();
// Writes config.json, etc/ and rootfs/ into the server's bundle folder, replacing what was there.
Outcome<Success> write_bundle(const Options& options, const Sandbox& sandbox);

}  // namespace gk::launcher
