#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "base/id.hpp"
#include "launcher/failure.hpp"
#include "launcher/options.hpp"

// Where the launcher keeps things. Its working directory is <state>/servers, opened once and owned by root, so that no relative path of
// ours can be led elsewhere by whoever owns the state directory.
//
//     .runc/            state of the containers        .slots/7 -> uid   who has a slot; made atomically
//     .root/            an empty mount point           .lock             held by every process that changes something
//     <uid>/            root, 0751
//         slot -> 7
//         live.img, live/ (mount point)                the disk; the world is live/data, owned by the slot's uid, 0700
//         staged.img, staged/                          the disk that a restore writes
//         run/, log/                                   wire/shim/layout.hpp
//         bundle/                                      what runc reads; 0700
//         ports                                        internal ports, one a line; there while the game may run, even if it has none
namespace gk::launcher {

struct DiskPlace {
    std::string folder;  // Of the server.
    std::string mount;
    std::string image;
    std::string world;
};

class Place {
public:
    explicit Place(ServerUid uid) : folder_(uid.text()) {}
    const std::string& folder() const { return folder_; }
    std::string at(std::string_view name) const { return fmt::format("{}/{}", folder_, name); }
    DiskPlace disk(wire::launcher::Disk which) const {
        const auto name = name_of(which);
        return {folder_, at(name), at(fmt::format("{}.img", name)), at(fmt::format("{}/data", name))};
    }

private:
    std::string folder_;
};

// Makes <state>/servers and its fixed parts, and goes there for good. Refuses a folder that is not root's own.
Outcome<Success> enter_servers(const Options& options);

std::string absolute(const Options& options, const std::string& relative);

// Gives the slot to the server and makes its folder; nothing happens when it is so. A slot belongs to one server, a server has one slot.
Outcome<Success> claim_slot(const Options& options, ServerUid uid, std::uint32_t slot);
std::optional<std::uint32_t> slot_of(ServerUid uid);
void release_slot(ServerUid uid);
// The servers that have a folder here.
std::vector<ServerUid> servers_here();

// Small files of ours, inside folders of ours, replaced whole. Not synced: after a power failure nothing runs that they describe. Reading
// gives an empty text when there is none.
Outcome<Success> write_file(const std::string& path, std::string_view content, unsigned mode);
std::string read_file(const std::string& path);
Outcome<Success> make_folder(const std::string& path, unsigned mode);
// With everything below; links are removed, never followed.
Outcome<Success> remove_tree(const std::string& path);
bool exists(const std::string& path);

}  // namespace gk::launcher
