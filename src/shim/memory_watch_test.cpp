#include "shim/memory_watch.hpp"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/recorded_tree.hpp"

namespace gk::shim {
namespace {

namespace fs = std::filesystem;

// The numbers of the whole machine beside those of one game.
class MemoryWatchTest : public test::RecordedTree {
protected:
    void version_1(const std::string& kills) const {
        file("memory/cgroup.procs", "1\n");
        file("pids/cgroup.procs", "1\n");
        file("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 41\n");
        file("memory/memory.max_usage_in_bytes", "13958643712\n");
        file("memory/gamekeeper/one/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill " + kills + "\n");
        file("memory/gamekeeper/one/memory.max_usage_in_bytes", "67108864\n");
    }
    void version_2(const std::string& kills) const {
        file("cgroup.controllers", "cpuset cpu io memory pids\n");
        file("gamekeeper/one/memory.events", "low 0\nhigh 0\nmax 512\noom 3\noom_kill " + kills + "\noom_group_kill 0\n");
        file("gamekeeper/one/memory.peak", "73400320\n");
    }
    MemoryWatch watch(const std::string& group) const { return {root.string(), group}; }
};

TEST_F(MemoryWatchTest, Version1TellsOfTheGameAndNotOfTheMachine) {
    version_1("0");
    const auto one = watch("/gamekeeper/one");

    EXPECT_EQ(one.peak_bytes(), 67'108'864U);
    EXPECT_EQ(one.kills(), 0U);
    version_1("1");
    EXPECT_EQ(one.kills(), 1U);
}

TEST_F(MemoryWatchTest, Version2TellsOfTheGame) {
    version_2("0");
    const auto one = watch("/gamekeeper/one");

    EXPECT_EQ(one.peak_bytes(), 73'400'320U);
    version_2("2");
    EXPECT_EQ(one.kills(), 2U);
}

TEST_F(MemoryWatchTest, KillsOfAnEarlierRunAreNotThoseOfThisOne) {
    version_2("7");
    EXPECT_EQ(watch("/gamekeeper/one").kills(), 0U);
}

// memory.peak is younger than version 2 itself (Linux 5.19).
TEST_F(MemoryWatchTest, WhatTheKernelDoesNotTellIsNotKnown) {
    version_2("0");
    fs::remove(root / "gamekeeper/one/memory.peak");

    EXPECT_EQ(watch("/gamekeeper/one").peak_bytes(), 0U);
    EXPECT_EQ(watch("/gamekeeper/none").peak_bytes(), 0U);
    EXPECT_EQ(watch("/gamekeeper/none").kills(), 0U);
    EXPECT_EQ(watch("").peak_bytes(), 0U);
    EXPECT_EQ(MemoryWatch().kills(), 0U);
}

}  // namespace
}  // namespace gk::shim
