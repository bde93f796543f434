#include "shim/files/confined_files.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace gk::shim {
namespace {

namespace fs = std::filesystem;
using Kind = wire::files::Status;
using wire::files::Entry;
using wire::files::EntryType;

void put(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

std::string text_in(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A world beside a tree that nobody may touch.
class ConfinedFilesTest : public testing::Test {
protected:
    ConfinedFilesTest() {
        fs::create_directories(outside / "deep");
        put(outside / "secret", "sentinel");
        put(outside / "deep" / "secret", "sentinel");
        fs::create_directory(world);
        files = open();
    }
    ~ConfinedFilesTest() override { EXPECT_EQ(snapshot_of_outside(), before) << "something outside the world was changed"; }
    Result<ConfinedFiles, FilesRefusal> open() {
        before = snapshot_of_outside();
        return ConfinedFiles::open(world.string());
    }
    std::map<std::string, std::string> snapshot_of_outside() const {
        std::map<std::string, std::string> all;
        for (const auto& entry : fs::recursive_directory_iterator(outside)) {
            struct stat status{};
            lstat(entry.path().c_str(), &status);
            const auto content = entry.is_regular_file() ? text_in(entry.path()) : "";
            all[entry.path()] = std::to_string(status.st_mode) + " " + std::to_string(status.st_uid) + " " + content;
        }
        return all;
    }
    ByteSpan evil() const { return as_byte_span("evil"); }

    const test::TemporaryDirectory directory;
    const fs::path& root = directory.path();
    const fs::path outside = root / "outside";
    const fs::path world = root / "world";
    std::map<std::string, std::string> before;
    Result<ConfinedFiles, FilesRefusal> files = std::unexpected(FilesRefusal{Kind::unavailable, "not opened"});
};

TEST_F(ConfinedFilesTest, WritesReadsListsAndRemoves) {
    ASSERT_TRUE(files->write("a/b/c.txt", as_byte_span("hello")));
    ASSERT_TRUE(files->write("a/b/c.txt", as_byte_span("again")));

    EXPECT_EQ(as_text(*files->read("a/b/c.txt", 5)), "again");
    EXPECT_EQ(files->read("a/b/c.txt", 4).error().status, Kind::too_large);
    const auto items = files->list("a/b");
    ASSERT_EQ(items->size(), 1u);
    EXPECT_EQ(items->front().name, "c.txt");
    EXPECT_EQ(items->front().size, 5);
    EXPECT_EQ(items->front().mode, 0644u);
    EXPECT_EQ(files->remove("a", false).error().status, Kind::exists);
    EXPECT_TRUE(files->remove("a", true));
    EXPECT_TRUE(files->list("")->empty());
}

TEST_F(ConfinedFilesTest, KeepsTheRightsOfAReplacedFile) {
    put(world / "start.sh", "old");
    fs::permissions(world / "start.sh", fs::perms(0750));

    ASSERT_TRUE(files->write("start.sh", as_byte_span("new")));

    EXPECT_EQ(fs::status(world / "start.sh").permissions(), fs::perms(0750));
}

TEST_F(ConfinedFilesTest, RefusesWhatIsNoPlainFile) {
    ASSERT_EQ(mkfifo((world / "fifo").c_str(), 0600), 0);

    EXPECT_EQ(files->read("fifo", 10).error().status, Kind::not_a_file);
    EXPECT_EQ(files->write("fifo", evil()).error().status, Kind::not_a_file);
    EXPECT_EQ(files->list("")->front().type, EntryType::other);
    EXPECT_EQ(files->read("", 10).error().status, Kind::not_a_file);
    EXPECT_EQ(files->list("fifo").error().status, Kind::not_a_directory);
    EXPECT_TRUE(files->remove("fifo", false));
}

// The matrix of hosting.md section 6: every way out, with every verb. What is outside is compared in the destructor.
struct WayOut {
    std::string name;
    std::string target;  // Of the link "way" in the world; empty: no link.
    std::string path;
};

TEST_F(ConfinedFilesTest, LeadsNowhereOutside) {
    const auto out = outside.string();
    const WayOut ways[] = {
        {"absolute link to a file", out + "/secret", "way"},
        {"relative link to a file", "../outside/secret", "way"},
        {"link to a directory", out, "way"},
        {"file through a linked directory", out, "way/secret"},
        {"new file through a linked directory", out, "way/new"},
        {"deep through a linked directory", out, "way/deep/secret"},
        {"relative linked directory in the middle", "../outside", "way/deep/new"},
        {"dangling link", out + "/not-there", "way"},
        {"link to itself", "way", "way"},
        {"link to /proc/self/root", "/proc/self/root", "way" + out + "/secret"},
        {"link to /proc/self/cwd", "/proc/self/cwd", "way/secret"},
        {"parent", "", "../outside/secret"},
        {"parent in the middle", "", "inner/../../outside/secret"},
        {"absolute", "", out + "/secret"},
    };
    for (const auto& way : ways) {
        SCOPED_TRACE(way.name);
        fs::remove_all(world);
        fs::create_directories(world / "inner");
        files = open();
        const auto relink = [&] {
            if (!way.target.empty() && !fs::is_symlink(world / "way")) fs::create_symlink(way.target, world / "way");
        };

        relink();
        EXPECT_FALSE(files->read(way.path, 100));
        EXPECT_FALSE(files->list(way.path));
        EXPECT_FALSE(files->write(way.path, evil()));
        EXPECT_FALSE(files->write(way.path + "/x/y", evil()));
        if (const auto removed = files->remove(way.path, true); removed) {
            // Only the link itself may have gone.
            EXPECT_EQ(way.path, "way");
            EXPECT_FALSE(fs::is_symlink(world / "way"));
        }
        relink();
        EXPECT_TRUE(files->remove("inner", true));
        EXPECT_EQ(snapshot_of_outside(), before);
    }
}

TEST_F(ConfinedFilesTest, RemovesATreeWithLinksWithoutFollowingThem) {
    fs::create_directories(world / "tree" / "sub");
    fs::create_symlink(outside, world / "tree" / "way");
    fs::create_symlink(outside / "secret", world / "tree" / "sub" / "file");
    fs::create_hard_link(world / "tree" / "sub" / "file", world / "tree" / "again");

    EXPECT_TRUE(files->remove("tree", true));

    EXPECT_TRUE(fs::is_empty(world));
}

TEST_F(ConfinedFilesTest, ListsLinksAsLinks) {
    fs::create_symlink(outside, world / "way");

    const auto items = files->list("");

    ASSERT_EQ(items->size(), 1u);
    EXPECT_EQ(items->front().type, EntryType::link);
}

// A directory and a link to the outside change places all the time, as fast as the kernel can (CVE-2024-27102).
TEST_F(ConfinedFilesTest, IsNotFooledByARacingSwap) {
    fs::create_directories(world / "dir");
    put(world / "dir" / "secret", "harmless");
    fs::create_symlink(outside, world / "link");
    std::jthread racer([&](const std::stop_token& over) {
        const auto a = (world / "dir").string();
        const auto b = (world / "link").string();
        while (!over.stop_requested()) syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), 2 /* RENAME_EXCHANGE */);
    });

    int reads = 0;
    int writes = 0;
    for (int i = 0; i < 20'000; ++i) {
        if (const auto content = files->read("dir/secret", 100)) {
            ++reads;
            ASSERT_NE(as_text(*content), "sentinel");
        }
        if (const auto items = files->list("dir")) ASSERT_FALSE(std::ranges::any_of(*items, [](const Entry& item) { return item.name == "deep"; }));
        if (i % 20 == 0 && files->write("dir/new/file", evil())) ++writes;
        if (i % 20 == 10) static_cast<void>(files->remove("dir/new", true).has_value());
    }

    EXPECT_GT(reads, 0);
    EXPECT_GT(writes, 0);
}

TEST_F(ConfinedFilesTest, RemovesATreeUnderARacingSwapWithoutFollowing) {
    std::jthread racer([&](const std::stop_token& over) {
        const auto a = (world / "tree" / "a").string();
        const auto b = (world / "tree" / "b").string();
        while (!over.stop_requested()) syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), 2 /* RENAME_EXCHANGE */);
    });

    for (int i = 0; i < 100; ++i) {
        fs::create_directories(world / "tree" / "a" / "deep");
        put(world / "tree" / "a" / "deep" / "secret", "harmless");
        std::error_code ignored;
        fs::create_symlink(outside, world / "tree" / "b", ignored);
        const auto removed = files->remove("tree", true);
        ASSERT_TRUE(removed) << removed.error().detail;
    }
}

}  // namespace
}  // namespace gk::shim
