#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/value.hpp"
#include "wire/launcher/messages.hpp"

// The sandbox of a game, as the configuration of a bundle of the OCI runtime specification 1.0.2: its own processes, mounts, IPC and host
// name; nothing of the machine but read-only /usr and a small made-up /etc; the world at /data is the only thing on disk it can write; no
// capabilities, no way to gain any, a list of system calls; limits for memory, cpu, processes and open files. The network is the machine's
// (see firewall.hpp).
namespace gk::launcher {

struct Sandbox {
    std::string cgroup;       // "/gamekeeper/<uid>".
    std::uint32_t owner = 0;  // Operating system uid and gid.
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;
    std::string working_directory;
    std::string world;                          // Absolute; seen at /data.
    std::string etc;                            // Absolute; seen at /etc.
    std::vector<std::string> machine_folders;   // Seen read-only where they are, besides /usr.
    std::vector<wire::launcher::Mount> mounts;  // Read-only, checked.
    std::uint32_t cpu_millis = 0;
    std::uint32_t memory_mebibytes = 0;
    bool limits_swap = false;
    std::uint64_t files_max = 0;
};

// The content of config.json.
Value sandbox_config(const Sandbox& sandbox);
// The profile of system calls: what Docker's default allows to a program without capabilities. Everything else is EPERM, so that a call
// that a future kernel adds stays shut; clone() makes processes and threads, not namespaces, and sockets are those that games need.
Value seccomp_profile();

// Where a game may have something mounted: a plain absolute path that hides nothing the sandbox is made of.
bool is_mount_target(const std::string& path);
// Whether `path` is `folder` or lies below it; both plain and absolute.
bool lies_in(const std::string& path, const std::string& folder);

}  // namespace gk::launcher
