#include "wire/cgroup/cgroup.hpp"

#include <gtest/gtest.h>

#include "tests/support/recorded_tree.hpp"

namespace gk::wire::cgroup {
namespace {

struct MountedCgroup : test::RecordedTree {};

TEST_F(MountedCgroup, IsFoundByWhatIsThere) {
    EXPECT_EQ(version_at(root), Version::none);

    for (const auto* controller : {"memory", "pids"}) file(std::string(controller) + "/cgroup.procs", "1\n");
    file("unified/cgroup.controllers");  // The hybrid layout.
    EXPECT_EQ(version_at(root), Version::v1);

    file("cgroup.controllers", "cpu memory pids\n");
    EXPECT_EQ(version_at(root), Version::v2);
}

TEST(Cgroup, OfVersion1HasAFolderForEachController) {
    const auto files = files_of(Version::v1, "/sys/fs/cgroup", "/gamekeeper/one");

    EXPECT_EQ(files.cpu, "/sys/fs/cgroup/cpuacct/gamekeeper/one/cpuacct.usage");
    EXPECT_EQ(files.memory_peak, "/sys/fs/cgroup/memory/gamekeeper/one/memory.max_usage_in_bytes");
    EXPECT_EQ(cpu_ns(Version::v1, "8899001122\n"), 8'899'001'122U);
    EXPECT_EQ(reclaimable_bytes(Version::v1, "cache 0\ninactive_file 1\ntotal_cache 0\ntotal_inactive_file 20971520\n"), 20'971'520U);
    EXPECT_EQ(kills("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"), 3U);
}

TEST(Cgroup, OfVersion2HasOneFolder) {
    const auto files = files_of(Version::v2, "/sys/fs/cgroup", "/gamekeeper/one");

    EXPECT_EQ(files.cpu, "/sys/fs/cgroup/gamekeeper/one/cpu.stat");
    EXPECT_EQ(files.memory_peak, "/sys/fs/cgroup/gamekeeper/one/memory.peak");
    EXPECT_EQ(cpu_ns(Version::v2, "usage_usec 1526413\nuser_usec 1000000\nsystem_usec 526413\nnr_periods 0\n"), 1'526'413'000U);
    EXPECT_EQ(reclaimable_bytes(Version::v2, "anon 41943040\nfile 31457280\ninactive_anon 5\ninactive_file 10485760\n"), 10'485'760U);
    EXPECT_EQ(kills("low 0\nhigh 0\nmax 512\noom 3\noom_kill 2\noom_group_kill 9\n"), 2U);
}

TEST(Cgroup, ThatIsGoneSaysNothing) {
    EXPECT_EQ(files_of(Version::none, "/sys/fs/cgroup", "/one").memory, "");
    EXPECT_EQ(cpu_ns(Version::v2, ""), 0U);
    EXPECT_EQ(cpu_ns(Version::v1, ""), 0U);
    EXPECT_EQ(number("max\n"), 0U);
    EXPECT_EQ(kills(""), 0U);
}

}  // namespace
}  // namespace gk::wire::cgroup
