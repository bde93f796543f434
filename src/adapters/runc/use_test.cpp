#include "adapters/runc/use.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "tests/support/recorded_tree.hpp"

namespace gk::runc {
namespace {

namespace fs = std::filesystem;

const ServerUid one = *ServerUid::parse("0f8fad5b-d9cb-469f-a165-70867728950e");
constexpr std::string_view group = "gamekeeper/0f8fad5b-d9cb-469f-a165-70867728950e";

// With the numbers of a real machine.
class GroupReaderTest : public test::RecordedTree {
protected:
    void cpu(const std::string& usec) const { file(std::string(group) + "/cpu.stat", "usage_usec " + usec + "\nuser_usec 1\nsystem_usec 1\n"); }
    GroupReader reader() { return {clock, root.string(), "/gamekeeper"}; }

    async::ManualClock clock;
};

TEST_F(GroupReaderTest, ProcessorTimeIsTheMeanSinceTheLastLook) {
    file("cgroup.controllers", "cpuset cpu io memory pids\n");
    cpu("1000000");
    auto groups = reader();
    EXPECT_EQ(groups.read(one).cpu, MilliCpu{0});

    cpu("2500000");
    clock.advance(Milliseconds(1000));
    EXPECT_EQ(groups.read(one).cpu, MilliCpu{1500});

    clock.advance(Milliseconds(1000));
    EXPECT_EQ(groups.read(one).cpu, MilliCpu{0});
}

TEST_F(GroupReaderTest, ANewRunIsNotMeasuredAgainstTheLastOne) {
    file("cgroup.controllers", "cpu memory\n");
    cpu("9000000");
    auto groups = reader();
    groups.read(one);

    cpu("10");
    clock.advance(Milliseconds(1000));

    EXPECT_EQ(groups.read(one).cpu, MilliCpu{0});
}

TEST_F(GroupReaderTest, CachesAreNotTheGames) {
    file("cgroup.controllers", "cpu memory\n");
    file(std::string(group) + "/memory.current", "73400320\n");
    file(std::string(group) + "/memory.stat", "anon 41943040\nfile 31457280\ninactive_file 10485760\n");
    EXPECT_EQ(reader().read(one).memory, MebiBytes{60});
}

TEST_F(GroupReaderTest, Version1IsReadToo) {
    file("memory/cgroup.procs");
    file("pids/cgroup.procs");
    file("memory/" + std::string(group) + "/memory.usage_in_bytes", "52428800\n");
    file("memory/" + std::string(group) + "/memory.stat", "cache 0\ninactive_file 1\ntotal_inactive_file 20971520\n");
    auto groups = reader();
    EXPECT_TRUE(groups.can_read());
    EXPECT_EQ(groups.read(one).memory, MebiBytes{30});
}

TEST_F(GroupReaderTest, WithoutGroupsNothingIsKnown) {
    auto groups = reader();
    EXPECT_FALSE(groups.can_read());
    EXPECT_EQ(groups.read(one).memory, MebiBytes{0});
}

struct DisksInFolder : test::RecordedTree {
    std::optional<Host::Disks> seen() const { return disks_in(root.string()); }
};

TEST_F(DisksInFolder, WithoutAnythingHasNoDisks) {
    ASSERT_TRUE(seen());
    EXPECT_FALSE(seen()->live || seen()->staged);
}

TEST_F(DisksInFolder, ShowsWorldsThatArePlainFolders) {
    file("live/data/map", "blocks");
    ASSERT_TRUE(seen());
    EXPECT_TRUE(seen()->live);
    EXPECT_FALSE(seen()->staged);
}

TEST_F(DisksInFolder, LeavesWhatIsHalfDoneToTheLauncher) {
    file("live.img");
    EXPECT_FALSE(seen()) << "not mounted";
    fs::remove(root / "live.img");
    EXPECT_TRUE(seen());
    file("old/data/map", "blocks");
    EXPECT_FALSE(seen()) << "an interrupted switch";
}

TEST(DiskUse, OfAPlainFolderIsNotKnown) { EXPECT_FALSE(disk_use(fs::temp_directory_path() / "none")); }

}  // namespace
}  // namespace gk::runc
