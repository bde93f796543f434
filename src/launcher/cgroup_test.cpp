#include "launcher/cgroup.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/recorded_tree.hpp"

namespace gk::launcher {
namespace {

namespace fs = std::filesystem;

class CgroupTest : public test::RecordedTree {
protected:
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
};

TEST_F(CgroupTest, AProcessIsMovedIntoAGroupThatIsMadeForIt) {
    version_2().adopt("/gamekeeper/shims", 4711);
    EXPECT_EQ(processes_of("gamekeeper/shims"), "4711");
}

TEST_F(CgroupTest, AProcessIsMovedInEveryHierarchyOfVersion1ThatTakesProcesses) {
    file("cpuset/cgroup.procs");
    version_1().adopt("/gamekeeper/shims", 4711);
    EXPECT_EQ(processes_of("memory/gamekeeper/shims"), "4711");
    EXPECT_EQ(processes_of("pids/gamekeeper/shims"), "4711");
    EXPECT_FALSE(fs::exists(root / "cpuset/gamekeeper"));
}

TEST_F(CgroupTest, AGameHasAGroupWhereItsMemoryIsCounted) {
    version_1().make("/gamekeeper/one");
    EXPECT_TRUE(fs::exists(root / "memory/gamekeeper/one"));
    version_2().make("/gamekeeper/one");
    EXPECT_TRUE(fs::exists(root / "gamekeeper/one"));
}

TEST_F(CgroupTest, AGroupIsRemovedInEveryHierarchyOfVersion1) {
    const auto cgroup = version_1();
    fs::create_directories(root / "memory/gamekeeper/one");
    fs::create_directories(root / "pids/gamekeeper/one");
    cgroup.remove("/gamekeeper/one");
    EXPECT_FALSE(fs::exists(root / "memory/gamekeeper/one"));
    EXPECT_FALSE(fs::exists(root / "pids/gamekeeper/one"));
}

TEST_F(CgroupTest, SwapIsLimitedWhereTheKernelCan) {
    EXPECT_FALSE(version_1().limits_swap());
    file("memory/memory.memsw.limit_in_bytes");
    EXPECT_TRUE(version_1().limits_swap());
    EXPECT_TRUE(version_2().limits_swap());
}

TEST_F(CgroupTest, WithoutControllersNothingIsTouched) {
    const Cgroup none(root.string());
    none.make("/gamekeeper/one");
    none.adopt("/gamekeeper/shims", 4711);
    none.remove("/gamekeeper/one");
    EXPECT_FALSE(none.limits_swap());
    EXPECT_TRUE(fs::is_empty(root));
}

}  // namespace
}  // namespace gk::launcher
