#include "app/files/world_files.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "domain/server/request.hpp"
#include "wire/files/world_path.hpp"

namespace gk::app {
namespace {

constexpr int write_tries_max = 5;
constexpr std::size_t folders_max = 256;  // Each is asked for by itself.

Error no_world(const server::Record& record) {
    return {.kind = Error::Kind::conflict,
            .code = "no_world",
            .message = fmt::format("'{}' is {}: its files lie in the vault; start it, or pause instead of stop", record.id,
                                   name_of(server::state_of(record)))};
}

Error not_now(const server::Record& record) {
    return {
        .kind = Error::Kind::conflict,
        .code = "world_in_use",
        .message = fmt::format("the world of '{}' is being saved, restored or removed (phase '{}'): what is written now might not be kept; try again",
                               record.id, name_of(record.phase))};
}

Result<std::string, Error> checked(const std::string& path) {
    const auto names = wire::files::world_path_names(path);
    if (names) return path;
    return std::unexpected(
        invalid({{.pointer = "/path", .code = "bad_format", .detail = fmt::format("'{}' can name nothing inside a world", path), .mark = {}}}));
}

// Nobody reads the disk as a whole, or replaces it, in these.
bool takes_changes(server::Phase phase) {
    using enum server::Phase;
    switch (phase) {
    case deploying:
    case starting:
    case address_allocation:
    case running:
    case paused:
    case failed: return true;
    default: return false;
    }
}

// A file that is not there is told apart from a server that is not there.
Error no_such_file(const FilesError& error) {
    auto out = from(error);
    if (error.kind == FilesError::Kind::not_found) out.code = "no_such_file";
    return out;
}

std::string below(const std::string& folder, const std::string& name) { return folder.empty() ? name : folder + "/" + name; }

}  // namespace

WorldFiles::Answer<server::Record> WorldFiles::reachable(Caller caller, const Place& place) {
    CO_TRY(record, co_await servers_.find(std::move(caller), place.space, place.id));
    if (!record.world_complete) co_return std::unexpected(no_world(record));
    if (used_) used_(record.uid);
    co_return std::move(record);
}

WorldFiles::Answer<std::vector<std::string>> WorldFiles::tree(Caller caller, Place place, std::size_t most) {
    CO_TRY(top, checked(place.path));
    CO_TRY(record, co_await reachable(std::move(caller), place));
    std::vector<std::string> found;
    std::deque<std::string> folders = {top};
    for (std::size_t asked = 0; !folders.empty() && asked < folders_max && found.size() < most; ++asked) {
        const auto folder = std::move(folders.front());
        folders.pop_front();
        auto entries = co_await files_.list(record.uid, folder);
        // The game removes folders while we walk.
        if (!entries && entries.error().kind == FilesError::Kind::not_found && folder != top) continue;
        if (!entries) co_return std::unexpected(no_such_file(entries.error()));
        for (const auto& entry : *entries) {
            if (entry.type == FileInfo::Type::directory) folders.push_back(below(folder, entry.name));
            else if (entry.type == FileInfo::Type::file && found.size() < most) found.push_back(below(folder, entry.name));
        }
    }
    std::ranges::sort(found);
    co_return found;
}

WorldFiles::Answer<std::vector<std::byte>> WorldFiles::read(Caller caller, Place place, std::size_t size_max) {
    CO_TRY(path, checked(place.path));
    CO_TRY(record, co_await reachable(std::move(caller), place));
    auto content = co_await files_.read(record.uid, std::move(path), size_max);
    if (!content) co_return std::unexpected(no_such_file(content.error()));
    co_return std::move(*content);
}

WorldFiles::Answer<Success> WorldFiles::announce_change(Caller caller, const Place& place) {
    for (int tried = 0; tried < write_tries_max; ++tried) {
        CO_TRY(record, co_await reachable(caller, place));
        if (!takes_changes(record.phase)) co_return std::unexpected(not_now(record));
        if (record.world_dirty) co_return Success{};
        record.world_dirty = true;
        auto stored = co_await store_.replace(std::move(record));
        if (stored) co_return Success{};
        if (stored.error().kind != StoreError::Kind::conflict) co_return std::unexpected(from(stored.error()));
    }
    co_return std::unexpected(
        Error{.kind = Error::Kind::unavailable, .code = "busy", .message = "the server changes too fast at the moment; try again"});
}

WorldFiles::Answer<Success> WorldFiles::write(Caller caller, Place place, std::vector<std::byte> content) {
    CO_TRY(path, checked(place.path));
    CO_TRY(before, co_await reachable(caller, place));
    CO_TRY_OK(may(caller, Action::operate, before.tenant));
    CO_TRY_OK(co_await announce_change(caller, place));
    const auto written = co_await files_.write(before.uid, std::move(path), std::move(content));
    if (!written) co_return std::unexpected(from(written.error()));
    // A save that began meanwhile may have read the world before this file was in it, and the disk may go after that.
    CO_TRY(after, co_await reachable(std::move(caller), place));
    if (after.uid != before.uid || !takes_changes(after.phase)) co_return std::unexpected(not_now(after));
    co_return Success{};
}

}  // namespace gk::app
