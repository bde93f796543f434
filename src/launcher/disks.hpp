#pragma once

#include "launcher/places.hpp"

// A server's world lies on a file system of its own, as large as its package and not a byte larger: an ext4 image on a loop device. Where
// the kernel has no loop devices it is a plain folder, whose size is only measured. A world that nobody keeps may lie in memory instead. Every step
// can be repeated after a crash at any point.
namespace gk::launcher {

using wire::launcher::Disk;
using wire::launcher::DisksSeen;

// Completes or undoes what a crash has left half done, and mounts what is not mounted.
Outcome<DisksSeen> see_disks(ServerUid uid);
Outcome<Success> create_disk(const Options& options, const wire::launcher::CreateDisk& order);
Outcome<Success> remove_disk(ServerUid uid, Disk which);
// The staged disk takes the place of the live one; done already: nothing happens.
Outcome<Success> switch_disk(ServerUid uid);
// Returns when everything in the world is on the machine's disk, so that a loss of power cannot leave less.
Outcome<Success> sync_world(const std::string& world);
// Gives all of a world to uid and gid `owner`.
Outcome<Success> own_world(const std::string& world, std::uint32_t owner);

// What cannot be unmounted stays: it is in use.
void unmount_disks(ServerUid uid);
// What the files of the live world take, one by one: for worlds that are plain folders.
std::uint64_t world_bytes(ServerUid uid);
// Empty when images can be mounted, else why not.
std::string loop_shortcoming();

}  // namespace gk::launcher
