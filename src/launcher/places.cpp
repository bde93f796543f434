#include "launcher/places.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>

#include "base/descriptor.hpp"

namespace gk::launcher {
namespace {

std::string read_link(const std::string& path) {
    std::array<char, 64> target{};
    const auto size = ::readlink(path.c_str(), target.data(), target.size());
    return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string slot_path(std::uint32_t slot) { return fmt::format(".slots/{}", slot); }

}  // namespace

bool exists(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0;
}

std::string absolute(const Options& options, const std::string& relative) { return fmt::format("{}/servers/{}", options.state, relative); }

Outcome<Success> make_folder(const std::string& path, unsigned mode) {
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail_errno(fmt::format("folder {} could not be made", path));
    if (::chmod(path.c_str(), mode) != 0) return fail_errno(fmt::format("mode of {} could not be set", path));
    return Success{};
}

Outcome<Success> enter_servers(const Options& options) {
    const std::string servers = options.state + "/servers";
    if (::mkdir(servers.c_str(), 0751) != 0 && errno != EEXIST) return fail_errno(fmt::format("folder {} could not be made", servers));
    const Descriptor folder(::open(servers.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info{};
    if (!folder || ::fstat(folder.get(), &info) != 0) return fail_errno(fmt::format("folder {} could not be opened", servers));
    if (info.st_uid != 0) {
        return fail(Failure::Kind::invalid, fmt::format("{} belongs to uid {}, not to root: move it away, or give it to root after you have "
                                                        "looked at what is in it",
                                                        servers, info.st_uid));
    }
    if (::fchdir(folder.get()) != 0) return fail_errno(fmt::format("folder {} could not be entered", servers));
    for (const auto* name : {".runc", ".slots", ".root"}) TRY_OK(make_folder(name, 0711));
    return make_folder(".", 0751);
}

Outcome<Success> claim_slot(const Options& options, ServerUid uid, std::uint32_t slot) {
    const Place place(uid);
    if (const auto has = slot_of(uid); has && *has != slot) {
        return fail(Failure::Kind::invalid, fmt::format("server {} has slot {}, not {}", uid.text(), *has, slot));
    }
    TRY_OK(make_folder(place.folder(), 0751));
    if (::chown(place.folder().c_str(), 0, options.client_gid) != 0) return fail_errno("a server's folder could not be given to its group");
    while (::symlink(place.folder().c_str(), slot_path(slot).c_str()) != 0) {
        if (errno != EEXIST) return fail_errno(fmt::format("slot {} could not be taken", slot));
        const std::string owner = read_link(slot_path(slot));
        if (owner == place.folder()) break;
        if (exists(owner)) return fail(Failure::Kind::invalid, fmt::format("slot {} belongs to server {}", slot, owner));
        ::unlink(slot_path(slot).c_str());  // Its server was forgotten and we died before the slot was released.
    }
    if (::symlink(std::to_string(slot).c_str(), place.at("slot").c_str()) != 0 && errno != EEXIST) return fail_errno("a slot could not be noted");
    return Success{};
}

std::optional<std::uint32_t> slot_of(ServerUid uid) {
    const std::string text = read_link(Place(uid).at("slot"));
    std::uint32_t slot = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), slot);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(slot) : std::nullopt;
}

void release_slot(ServerUid uid) {
    const auto slot = slot_of(uid);
    if (slot && read_link(slot_path(*slot)) == uid.text()) ::unlink(slot_path(*slot).c_str());
}

std::vector<ServerUid> servers_here() {
    std::vector<ServerUid> out;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(".", error)) {
        if (const auto uid = ServerUid::parse(entry.path().filename().string())) out.push_back(*uid);
    }
    std::ranges::sort(out);
    return out;
}

Outcome<Success> write_file(const std::string& path, std::string_view content, unsigned mode) {
    const std::string beside = path + ".new";
    ::unlink(beside.c_str());
    const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file) return fail_errno(fmt::format("file {} could not be made", path));
    while (!content.empty()) {
        const auto count = ::write(file.get(), content.data(), content.size());
        if (count < 0) return fail_errno(fmt::format("file {} could not be written", path));
        content.remove_prefix(static_cast<std::size_t>(count));
    }
    if (::fchmod(file.get(), mode) != 0) return fail_errno(fmt::format("file {} could not be written", path));
    if (::rename(beside.c_str(), path.c_str()) != 0) return fail_errno(fmt::format("file {} could not be replaced", path));
    return Success{};
}

std::string read_file(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    std::string out;
    std::array<char, 4096> chunk{};
    for (;;) {
        const auto count = file ? ::read(file.get(), chunk.data(), chunk.size()) : 0;
        if (count <= 0) return out;
        out.append(chunk.data(), static_cast<std::size_t>(count));
    }
}

Outcome<Success> remove_tree(const std::string& path) {
    std::error_code error;  // The library opens each folder without following links, so that nobody can swap one in meanwhile.
    std::filesystem::remove_all(path, error);
    if (error) return fail(Failure::Kind::unavailable, fmt::format("{} could not be removed: {}", path, error.message()));
    return Success{};
}

}  // namespace gk::launcher
