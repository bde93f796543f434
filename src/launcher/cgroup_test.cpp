#include "launcher/cgroup.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace gk::launcher {
namespace {

namespace fs = std::filesystem;

// A file tree as a kernel shows it.
class RecordedTree : public testing::Test {
protected:
    RecordedTree() { root = ::mkdtemp(name.data()); }
    ~RecordedTree() override { fs::remove_all(root); }
    void file(const std::string& path) const {
        fs::create_directories((root / path).parent_path());
        std::ofstream(root / path) << "";
    }
    Cgroup version_1() const {
        file("memory/cgroup.procs");
        file("pids/cgroup.procs");
        return Cgroup(root.string());
    }
    Cgroup version_2() const {
        file("cgroup.controllers");
        return Cgroup(root.string());
    }
    std::string processes_of(const std::string& group) const {
        std::ifstream in(root / group / "cgroup.procs");
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string name = (fs::temp_directory_path() / "gk-cgroup-XXXXXX").string();
    fs::path root;
};

TEST_F(RecordedTree, AProcessIsMovedIntoAGroupThatIsMadeForIt) {
    version_2().adopt("/gamekeeper/shims", 4711);
    EXPECT_EQ(processes_of("gamekeeper/shims"), "4711");
}

TEST_F(RecordedTree, AProcessIsMovedInEveryHierarchyOfVersion1ThatTakesProcesses) {
    file("cpuset/cgroup.procs");
    version_1().adopt("/gamekeeper/shims", 4711);
    EXPECT_EQ(processes_of("memory/gamekeeper/shims"), "4711");
    EXPECT_EQ(processes_of("pids/gamekeeper/shims"), "4711");
    EXPECT_FALSE(fs::exists(root / "cpuset/gamekeeper"));
}

TEST_F(RecordedTree, AGameHasAGroupWhereItsMemoryIsCounted) {
    version_1().make("/gamekeeper/one");
    EXPECT_TRUE(fs::exists(root / "memory/gamekeeper/one"));
    version_2().make("/gamekeeper/one");
    EXPECT_TRUE(fs::exists(root / "gamekeeper/one"));
}

TEST_F(RecordedTree, AGroupIsRemovedInEveryHierarchyOfVersion1) {
    const auto cgroup = version_1();
    fs::create_directories(root / "memory/gamekeeper/one");
    fs::create_directories(root / "pids/gamekeeper/one");
    cgroup.remove("/gamekeeper/one");
    EXPECT_FALSE(fs::exists(root / "memory/gamekeeper/one"));
    EXPECT_FALSE(fs::exists(root / "pids/gamekeeper/one"));
}

TEST_F(RecordedTree, SwapIsLimitedWhereTheKernelCan) {
    EXPECT_FALSE(version_1().limits_swap());
    file("memory/memory.memsw.limit_in_bytes");
    EXPECT_TRUE(version_1().limits_swap());
    EXPECT_TRUE(version_2().limits_swap());
}

TEST_F(RecordedTree, WithoutControllersNothingIsTouched) {
    const Cgroup none(root.string());
    none.make("/gamekeeper/one");
    none.adopt("/gamekeeper/shims", 4711);
    none.remove("/gamekeeper/one");
    EXPECT_FALSE(none.limits_swap());
    EXPECT_TRUE(fs::is_empty(root));
}

}  // namespace
}  // namespace gk::launcher
