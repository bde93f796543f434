#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.hpp"
#include "ports/runtime.hpp"
#include "ports/task.hpp"

// What a plain host does with folders. Failures are `exhausted` when the disk is full, else `unavailable`; they name what was tried.
namespace gk::process {

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string text);
std::unexpected<RuntimeError> fail_errno(std::string_view tried);  // By errno.

// With the folders that lead to it. Of one that is there already only the mode is set.
Result<Success, RuntimeError> make_folder(const std::filesystem::path& path, std::filesystem::perms mode);
// Links are not followed. Success also when nothing is there.
Result<Success, RuntimeError> remove_tree(const std::filesystem::path& path);
Result<Success, RuntimeError> move_folder(const std::filesystem::path& from, const std::filesystem::path& to);
// A file that only its owner may read.
Result<Success, RuntimeError> write_private(const std::filesystem::path& path, std::string_view text);

// What the files below a folder take on disk. A world may have a hundred thousand: others have their turn in between.
Task<std::uint64_t> tree_bytes(std::filesystem::path path);

// A folder beside the world for the extra files of a confined run, and one for its temporary files; both go with it.
class Workplace {
public:
    explicit Workplace(std::filesystem::path place) : place_(std::move(place)) {}
    ~Workplace();
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;

    // `invalid` when a name leads anywhere else.
    Result<Success, RuntimeError> furnish(const std::map<std::string, std::string>& files) const;
    std::filesystem::path temporary() const { return place_ / "tmp"; }

private:
    std::filesystem::path place_;
};

}  // namespace gk::process
