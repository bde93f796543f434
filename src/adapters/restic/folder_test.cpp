#include "adapters/restic/folder.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace gk::restic {
namespace {

namespace fs = std::filesystem;

// SHA-256 of "abc".
const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

class FolderTest : public testing::Test {
protected:
    FolderTest() {
        fs::create_directories(root / "data" / abc.substr(0, 2));
        std::ofstream(pack()) << "abc";
    }
    fs::path pack() const { return path_of(root, "data", abc); }

    test::TemporaryDirectory directory;
    const fs::path& root = directory.path();
};

TEST_F(FolderTest, AFileIsGoodWhenItsNameIsItsHash) {
    EXPECT_EQ(list_names(root, "data").value(), Names{abc});
    EXPECT_TRUE(check_file(root, "data", abc));

    std::ofstream(pack()) << "abd";
    EXPECT_EQ(check_file(root, "data", abc).error().kind, VaultError::Kind::corrupt);

    fs::remove(pack());
    EXPECT_EQ(check_file(root, "data", abc).error().kind, VaultError::Kind::corrupt);
    EXPECT_TRUE(list_names(root, "index").value().empty());
}

TEST_F(FolderTest, AProbeLeavesNothingAndSaysWhatIsWrong) {
    EXPECT_TRUE(probe_folder(root, 0));
    EXPECT_EQ(std::distance(fs::directory_iterator(root), fs::directory_iterator()), 1);
    EXPECT_EQ(probe_folder(root, std::int64_t{1} << 62).error().kind, VaultError::Kind::unavailable);
    EXPECT_EQ(probe_folder(root / "nowhere", 0).error().kind, VaultError::Kind::unavailable);
}

TEST_F(FolderTest, AFileIsReplacedInOneStep) {
    EXPECT_EQ(read_file(root / "f"), "");
    EXPECT_TRUE(write_file(root / "f", "one"));
    EXPECT_TRUE(write_file(root / "f", "two"));
    EXPECT_EQ(read_file(root / "f"), "two");
    EXPECT_FALSE(fs::exists(root / "f.new"));
}

}  // namespace
}  // namespace gk::restic
