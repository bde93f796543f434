#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "domain/server/launch.hpp"
#include "ports/runtime.hpp"
#include "ports/task.hpp"

namespace gk {

// The hands on one Linux machine: disks, sandboxes, processes with another uid. The launcher does it as root; without root a plain one does
// what it can. Used by adapters that run games and backups; nothing above them knows it. Errors are RuntimeError. Every call is idempotent.
class Host {
public:
    virtual ~Host() = default;
    template <class T>
    using Answer = Task<Result<T, RuntimeError>>;

    enum class Disk : std::uint8_t { live, staged };
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

    // Runs a program that may see one world and one more folder, and nothing else that is writable: for restic. It sees
    //     <working directory>/data      the world of `disk` (absent when `needs_world` is false);
    //     <working directory>/record/   `extra_files`, read-only, removed afterwards;
    //     `folder`                      under its own path, so that locks, messages and printed commands name the real one;
    //     a private temporary directory (TMPDIR).
    // Programs therefore use relative paths for the world ("data", "record"), and what they store does not depend on this machine.
    // Cancelling the task ends the program. As long as one lives, another one for the same `folder` ends at once with a code of its own, and its
    // errors say why: so whoever is let in knows that nobody is left from before a crash. (Where programs are not confined, they are children
    // that live on; they see the machine's name and each other.)
    struct ConfinedRun {
        ServerUid server;
        Disk disk = Disk::live;
        bool needs_world = true;
        bool may_write_world = false;  // live: read-only in any case.
        std::string folder;            // The repository, an absolute path that exists; empty: none.
        bool may_write_folder = false;
        std::string host_name;         // What it takes for the machine's name: letters and '-'; empty: the machine's own.
        std::vector<std::string> argv;  // argv[0] is a name on our fixed list ("restic").
        std::map<std::string, std::string> env;  // All of it, besides PATH, HOME and TMPDIR, which the host sets.
        Secret password;    // As RESTIC_PASSWORD, never in argv.
        std::string input;  // Its standard input, readable as /dev/stdin.
        std::map<std::string, std::string> extra_files;  // Plain names (no '/') and their content, at most 1 MiB together.
        Milliseconds time_limit = std::chrono::hours(6);  // Then it is killed and `unavailable` reported.
    };
    struct Ended {
        int code = 0;  // 128 + signal when it died by one.
        std::string output;  // More than 16 MiB end the run with `exhausted`.
        std::string errors;  // The last 64 KiB.
    };
    // `not_found` when the world is needed and its disk is absent; `exhausted` when the machine has no room or processes left.
    virtual Answer<Ended> run_confined(ConfinedRun run) = 0;
    // Gives everything in the world to the slot's uid: a restored world may come from a server with another one. Links are not followed.
    virtual Answer<Success> own_disk(ServerUid uid, Disk which, std::uint32_t slot) = 0;

    // A connected stream socket to a process that serves this world's files as the server's uid (adapters/system/files_server). The caller
    // owns the descriptor; closing it ends the process.
    virtual Answer<int> open_files(ServerUid uid) = 0;

    // What this machine lacks, as sentences with cause and cure; empty when everything is in place.
    virtual Answer<std::vector<std::string>> shortcomings() = 0;
};

}  // namespace gk
