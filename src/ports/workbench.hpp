#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "ports/runtime.hpp"
#include "ports/task.hpp"

namespace gk {

// A server has one disk with the world that is played, and at times a second one with a world that may take its place.
enum class WorldDisk : std::uint8_t { live, staged };

// Runs programs beside one world: restic. The launcher does it on a machine, confined; a pod beside the claim does it on a cluster.
class Workbench {
public:
    virtual ~Workbench() = default;
    template <class T>
    using Answer = Task<Result<T, RuntimeError>>;

    // A program that may see one world and one more folder, and nothing else that is writable. It sees
    //     <working directory>/data      the world of `disk` (absent when `needs_world` is false);
    //     <working directory>/record/   `extra_files`, read-only, removed afterwards;
    //     `folder`                      under its own path, so that locks, messages and printed commands name the real one;
    //     a private temporary directory (TMPDIR).
    // Programs therefore use relative paths for the world ("data", "record"), and what they store does not depend on this machine.
    struct Job {
        ServerUid server;
        Epoch epoch{};  // Of the keeper that wants it. One that has been replaced is `refused` where a newer one's program can be told from its own.
        WorldDisk disk = WorldDisk::live;
        bool needs_world = true;
        bool may_write_world = false;  // live: read-only in any case.
        std::string folder;  // An absolute path that exists; empty: none.
        bool may_write_folder = false;
        bool needs_network = false;  // Without, it reaches nobody.
        std::string host_name;  // What it takes for the machine's name: letters and '-'; empty: the machine's own.
        std::vector<std::string> argv;  // argv[0] is a name on our fixed list ("restic").
        std::map<std::string, std::string> env;  // All of it, besides PATH, HOME and TMPDIR, which the workbench sets.
        std::map<std::string, Secret> secrets;  // More environment: never in argv, never in logs.
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
    // Cancelling the task ends the program. As long as one lives, another one for the same `folder` ends at once with a code of its own, and its
    // errors say why: so whoever is let in knows that nobody is left from before a crash. (Where programs are not confined, they are children
    // that live on; they see the machine's name and each other.)
    virtual Answer<Ended> run(Job job) = 0;
    // Gives everything in the world to the slot's uid: a restored world may come from a server with another one. Links are not followed.
    virtual Answer<Success> own_world(ServerUid uid, WorldDisk which, std::uint32_t slot) = 0;
};

}  // namespace gk
