#include "adapters/restic/folder_place.hpp"

#include <fmt/format.h>

#include "adapters/restic/folder.hpp"
#include "async/off_loop.hpp"

namespace gk::restic {
namespace {

namespace fs = std::filesystem;

// Moves the files whose content does not match their names; returns their names.
Result<Names, VaultError> sort_out(const fs::path& repository, const fs::path& aside) {
    Names moved;
    for (const auto* kind : kinds) {
        TRY(names, list_names(repository, kind));
        for (const auto& name : names) {
            const auto good = check_file(repository, kind, name);
            if (good || good.error().kind != VaultError::Kind::corrupt) continue;
            TRY_OK(make_folder(aside));
            TRY_OK(rename_folder(path_of(repository, kind, name), aside / name));
            moved.insert(name);
        }
    }
    return moved;
}

}  // namespace

Place::Answer<Place::Way> FolderPlace::way_to(std::string name) {
    Way way;
    way.repository = way.folder = path(name).string();
    // A cache would save nothing: the repository is as local as the cache.
    way.options = {"--no-cache"};
    co_return way;
}

Place::Answer<Success> FolderPlace::probe() {
    CO_TRY_OK(make_folder(options_.folder));
    auto look = [options = options_] { return probe_folder(options.folder, options.free_min_bytes); };
    co_return co_await async::off_loop(disk_, std::move(look));
}

Place::Answer<std::vector<std::string>> FolderPlace::repositories() {
    std::vector<std::string> found;
    std::error_code failed;
    for (fs::directory_iterator at(options_.folder, failed), end; !failed && at != end; at.increment(failed)) {
        CO_TRY(is_repository, is_there(at->path() / "config"));
        if (is_repository) found.push_back(at->path().filename().string());
    }
    if (!failed || failed == std::errc::no_such_file_or_directory) co_return found;
    co_return std::unexpected(
        VaultError{VaultError::Kind::unavailable, fmt::format("the vault {} cannot be read: {}", options_.folder.string(), failed.message())});
}

Place::Answer<Place::State> FolderPlace::state_of(std::string name) {
    CO_TRY(has_config, is_there(path(name) / "config"));
    if (has_config) co_return State::present;
    CO_TRY(has_folder, is_there(path(name)));
    co_return has_folder ? State::headless : State::absent;
}

Place::Answer<Success> FolderPlace::clear(std::string name) {
    CO_TRY_OK(make_folder(options_.folder));
    CO_TRY_OK(remove_folder(path(name)));
    co_return make_folder(path(name));
}

Place::Answer<Success> FolderPlace::move(std::string from, std::string to) { co_return rename_folder(path(from), path(to)); }

Place::Answer<Success> FolderPlace::remove(std::string name) {
    auto removing = [repository = path(name), doomed = path(name + ".removed"), damaged = path(name + ".damaged")]() -> Result<Success, VaultError> {
        // In one step, so that half a repository is never taken for a whole one.
        TRY(there, is_there(repository));
        if (there) TRY_OK(rename_folder(repository, doomed));
        TRY_OK(remove_folder(doomed));
        return remove_folder(damaged);
    };
    co_return co_await async::off_loop(disk_, std::move(removing));
}

Place::Answer<Names> FolderPlace::list(std::string name, std::string kind) { co_return list_names(path(name), kind); }

Place::Answer<Success> FolderPlace::check(std::string name, std::string kind, Names files) {
    auto reading = [repository = path(name), kind = std::move(kind), files = std::move(files)] { return check_files(repository, kind, files); };
    co_return co_await async::off_loop(disk_, std::move(reading));
}

Place::Answer<Names> FolderPlace::move_damaged(std::string name) {
    auto sorting = [repository = path(name), aside = path(name + ".damaged")] { return sort_out(repository, aside); };
    co_return co_await async::off_loop(disk_, std::move(sorting));
}

Place::Answer<std::string> FolderPlace::journal(std::string name) { co_return read_file(path(name) / journal_file); }

Place::Answer<Success> FolderPlace::write_journal(std::string name, std::string text) {
    auto writing = [file = path(name) / journal_file, text = std::move(text)] { return write_file(file, text); };
    co_return co_await async::off_loop(disk_, std::move(writing));
}

Place::Answer<bool> FolderPlace::locks_are_dead(std::string name) { co_return restic::locks_are_dead(path(name)); }

Place::Answer<Success> FolderPlace::remove_lock(std::string name, std::string id) { co_return restic::remove_lock(path(name), id); }

}  // namespace gk::restic
