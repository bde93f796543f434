#pragma once

#include <string>

#include "base/result.hpp"
#include "ports/server_store.hpp"

namespace gk::sqlite {

// Says "this database is mine" for as long as the process lives, however it ends (flock on a file beside it).
class FileLock {
public:
    static Result<FileLock, StoreError> take(const std::string& database_path);
    FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace gk::sqlite
