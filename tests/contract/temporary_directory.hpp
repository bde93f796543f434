#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/assert.hpp"

namespace gk::contract {

// A directory of its own, gone with everything in it at the end.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        const bool made = mkdtemp(path_.data()) != nullptr;
        ASSERT(made, "the temporary directory can be written");
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }

private:
    std::string path_ = (std::filesystem::temp_directory_path() / "gk-test-XXXXXX").string();
};

}  // namespace gk::contract
