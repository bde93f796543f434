#pragma once

#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "domain/server/launch.hpp"
#include "ports/runtime.hpp"
#include "ports/task.hpp"
#include "ports/workbench.hpp"

namespace gk {

// The hands on one Linux machine: disks, sandboxes, processes with another uid. The launcher does it as root; without root a plain one does
// what it can. Used by adapters that run games; nothing above them knows it. Errors are RuntimeError. Every call is idempotent.
class Host {
public:
    virtual ~Host() = default;
    template <class T>
    using Answer = Task<Result<T, RuntimeError>>;

    using Disk = WorldDisk;
    struct Disks {
        bool live = false;
        bool staged = false;
    };
    // Present and mounted; mounts again what a reboot has unmounted.
    virtual Answer<Disks> disks(ServerUid uid) = 0;
    // A disk image of exactly that size (a directory where images are impossible), owned by the slot's uid. Present: nothing happens.
    virtual Answer<Success> create_disk(ServerUid uid, Disk which, DiskSpec spec) = 0;
    virtual Answer<Success> remove_disk(ServerUid uid, Disk which) = 0;
    // The staged disk becomes the live one.
    virtual Answer<Success> switch_disk(ServerUid uid) = 0;

    // Starts the shim with the game; returns when the game has been executed, with what the shim needs to be found again.
    virtual Answer<Success> launch(server::LaunchSpec spec, Epoch epoch) = 0;
    // Ends every process of the server's sandbox, the shim too. For orphans and for shims that do not answer.
    virtual Answer<Success> kill(ServerUid uid) = 0;
    // Removes container, cgroup and firewall rules of a finished run.
    virtual Answer<Success> clean(ServerUid uid) = 0;
    // Removes the server's directory, logs and disks.
    virtual Answer<Success> forget(ServerUid uid) = 0;
    // Servers that have a directory, a disk, a container or a process here.
    virtual Answer<std::vector<ServerUid>> list() = 0;
    virtual Answer<server::Usage> usage(ServerUid uid) = 0;

    // A connected stream socket to a process that serves this world's files as the server's uid (shim/files/files_server). The caller
    // owns the descriptor; closing it ends the process.
    virtual Answer<int> open_files(ServerUid uid) = 0;

    // What this machine lacks, as sentences with cause and cure; empty when everything is in place.
    virtual Answer<std::vector<std::string>> shortcomings() = 0;
};

}  // namespace gk
