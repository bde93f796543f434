#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/restic/place.hpp"
#include "base/result.hpp"
#include "ports/vault.hpp"

// A restic repository as files of a local folder (place.hpp).
namespace gk::restic {

// "data", "index", "snapshots" or "keys": the names in there, of 64 hex digits; none when the folder is not there. `unavailable` when it
// cannot be read: then nothing may be concluded from a name that is absent.
Result<Names, VaultError> list_names(const std::filesystem::path& repository, std::string_view kind);
// `unavailable` when that cannot be seen.
Result<bool, VaultError> is_there(const std::filesystem::path& path);

std::filesystem::path path_of(const std::filesystem::path& repository, std::string_view kind, const std::string& name);

// Reads the file from the disk (not from the page cache, as far as the kernel lets us) and compares its hash with its name.
// `corrupt` when it is missing, differs or the disk does not give it back; `unavailable` when we may not open it. Blocks.
Result<Success, VaultError> check_file(const std::filesystem::path& repository, std::string_view kind, const std::string& name);
Result<Success, VaultError> check_files(const std::filesystem::path& repository, std::string_view kind, const Names& names);

// Writes a small file into the folder, syncs it, reads it back and removes it. Also `unavailable` when less than `free_min_bytes` is free.
Result<Success, VaultError> probe_folder(const std::filesystem::path& folder, std::int64_t free_min_bytes);

// Compares times of the same file system.
Result<bool, VaultError> locks_are_dead(const std::filesystem::path& repository);

// Removes one lock; that it is gone already is no error.
Result<Success, VaultError> remove_lock(const std::filesystem::path& repository, const std::string& id);

// Makes the folder and its parents (mode 0700), or leaves what is there as it is.
Result<Success, VaultError> make_folder(const std::filesystem::path& folder);
// Renames and syncs the parent, so that the new name survives a power cut.
Result<Success, VaultError> rename_folder(const std::filesystem::path& from, const std::filesystem::path& to);
Result<Success, VaultError> remove_folder(const std::filesystem::path& folder);

// Replaces the file in one step (written beside, synced, renamed), mode 0600.
Result<Success, VaultError> write_file(const std::filesystem::path& file, std::string_view content);
// Empty when there is no such file.
std::string read_file(const std::filesystem::path& file);

}  // namespace gk::restic
