#include "launcher/cgroup.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace gk::launcher {
namespace {

namespace fs = std::filesystem;

// A file tree as a kernel shows it, with the numbers of a real machine.
class RecordedTree : public testing::Test {
protected:
    RecordedTree() { root = ::mkdtemp(name.data()); }
    ~RecordedTree() override { fs::remove_all(root); }
    void file(const std::string& path, const std::string& content) const {
        fs::create_directories((root / path).parent_path());
        std::ofstream(root / path) << content;
    }
    std::string name = (fs::temp_directory_path() / "gk-cgroup-XXXXXX").string();
    fs::path root;
};

TEST_F(RecordedTree, Version2IsReadFromItsOneHierarchy) {
    file("cgroup.controllers", "cpuset cpu io memory pids\n");
    file("gamekeeper/one/cpu.stat", "usage_usec 1526413\nuser_usec 1000000\nsystem_usec 526413\nnr_periods 0\n");
    file("gamekeeper/one/memory.current", "73400320\n");
    file("gamekeeper/one/memory.stat", "anon 41943040\nfile 31457280\ninactive_anon 0\nactive_anon 41943040\ninactive_file 10485760\n");

    const auto cgroup = find_cgroup(root.string());

    EXPECT_EQ(cgroup->kind(), "v2");
    EXPECT_TRUE(cgroup->limits_swap());
    EXPECT_EQ(cgroup->usage("/gamekeeper/one"), (Cgroup::Usage{.cpu_ns = 1'526'413'000, .memory_bytes = 62'914'560}));
}

TEST_F(RecordedTree, Version1IsReadFromAHierarchyForEachController) {
    file("memory/cgroup.procs", "");
    file("pids/cgroup.procs", "");
    file("cpuacct/gamekeeper/one/cpuacct.usage", "8899001122\n");
    file("memory/gamekeeper/one/memory.usage_in_bytes", "52428800\n");
    file("memory/gamekeeper/one/memory.stat", "cache 0\ninactive_file 1\ntotal_cache 0\ntotal_inactive_file 20971520\n");

    const auto cgroup = find_cgroup(root.string());

    EXPECT_EQ(cgroup->kind(), "v1");
    EXPECT_FALSE(cgroup->limits_swap());
    EXPECT_EQ(cgroup->usage("/gamekeeper/one"), (Cgroup::Usage{.cpu_ns = 8'899'001'122, .memory_bytes = 31'457'280}));
    file("memory/memory.memsw.limit_in_bytes", "9223372036854771712\n");
    EXPECT_TRUE(cgroup->limits_swap());
}

TEST_F(RecordedTree, AGroupThatIsGoneUsesNothing) {
    file("cgroup.controllers", "cpu memory\n");
    EXPECT_EQ(find_cgroup(root.string())->usage("/gamekeeper/one"), Cgroup::Usage{});
}

TEST_F(RecordedTree, AProcessIsMovedIntoAGroupThatIsMadeForIt) {
    file("cgroup.controllers", "cpu memory\n");
    find_cgroup(root.string())->adopt("/gamekeeper/shims", 4711);
    std::ifstream in(root / "gamekeeper/shims/cgroup.procs");
    std::string text;
    std::getline(in, text);
    EXPECT_EQ(text, "4711");
}

TEST_F(RecordedTree, AGroupIsRemovedInEveryHierarchyOfVersion1) {
    file("memory/cgroup.procs", "");
    file("pids/cgroup.procs", "");
    fs::create_directories(root / "memory/gamekeeper/one");
    fs::create_directories(root / "pids/gamekeeper/one");
    find_cgroup(root.string())->remove("/gamekeeper/one");
    EXPECT_FALSE(fs::exists(root / "memory/gamekeeper/one"));
    EXPECT_FALSE(fs::exists(root / "pids/gamekeeper/one"));
}

TEST_F(RecordedTree, WithoutControllersThereIsNone) { EXPECT_EQ(find_cgroup(root.string())->kind(), "none"); }

}  // namespace
}  // namespace gk::launcher
