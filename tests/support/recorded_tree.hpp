#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace gk::test {

// Files as a kernel shows them below /sys/fs/cgroup, written by the test.
class RecordedTree : public testing::Test {
protected:
    void file(const std::string& path, const std::string& content = "") const {
        std::filesystem::create_directories((root / path).parent_path());
        std::ofstream(root / path) << content;
    }

private:
    TemporaryDirectory directory_;

protected:
    const std::filesystem::path& root = directory_.path();
};

}  // namespace gk::test
