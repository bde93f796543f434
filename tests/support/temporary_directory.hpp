#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/assert.hpp"

namespace gk::test {

// A directory of its own, for its owner only, gone with everything in it at the end.
class TemporaryDirectory {
public:
    TemporaryDirectory() : path_(make()) {}
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

private:
    static std::string make() {
        auto name = (std::filesystem::temp_directory_path() / "gk-test-XXXXXX").string();
        const bool made = ::mkdtemp(name.data()) != nullptr;
        ASSERT(made, "the temporary directory can be written");
        return name;
    }

    std::filesystem::path path_;
};

}  // namespace gk::test
