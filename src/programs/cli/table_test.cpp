#include "programs/cli/table.hpp"

#include <gtest/gtest.h>

#include "programs/cli/words.hpp"

namespace gk::programs {
namespace {

const Screen paper;

TEST(Table, ColumnsAreAsWideAsTheirWidestCellInCharacters) {
    Table table({"NAME", "STATE", "WHY"});
    table.add({"castle", "running", "fine"});
    table.add({"größe", "stopped", ""});

    EXPECT_EQ(table.text("", paper),
              "NAME    STATE    WHY\n"
              "castle  running  fine\n"
              "größe   stopped\n");
}

TEST(Table, AColumnThatNobodyFillsIsLeftOut) {
    Table table({"NAME", "WHY", "SIZE"});
    table.add({"a", "", "1"});

    EXPECT_EQ(table.text("", paper), "NAME  SIZE\na     1\n");
}

TEST(Table, WithoutRowsItSaysWhatToDo) { EXPECT_EQ(Table({"NAME"}).text("nothing yet", paper), "nothing yet\n"); }

TEST(Table, OnATerminalTheLastColumnIsWrappedBetweenWords) {
    Table table({"NAME", "WHAT"});
    table.add({"seed", "Only for a new world. Empty means a random one."});

    EXPECT_EQ(table.text("", {.width = 32}),
              "NAME  WHAT\n"
              "seed  Only for a new world.\n"
              "      Empty means a random one.\n");
}

TEST(Table, ColoursDoNotMoveColumnsAndAPipeHasNone) {
    Table table({"STATE", "NAME"});
    table.add({{"failed", Tone::bad}, "a"});
    table.add({{"running", Tone::good}, "b"});

    EXPECT_EQ(table.text("", {.colours = true}),
              "\x1b[2mSTATE    NAME\x1b[0m\n"
              "\x1b[31mfailed\x1b[0m   a\n"
              "\x1b[32mrunning\x1b[0m  b\n");
    EXPECT_EQ(table.text("", paper).find('\x1b'), std::string::npos);
}

TEST(Table, WhatAGamePrintsCannotSteerTheTerminal) { EXPECT_EQ(printable("a\x1b[2Jb\tc\n"), "a\\x1b[2Jb c\\x0a"); }

TEST(Words, TimesAreReadable) {
    EXPECT_EQ(when("2026-11-21T06:39:42.139Z"), "2026-11-21 06:39:42 UTC");
    EXPECT_EQ(when("soon"), "soon");
    EXPECT_EQ(with_times("since 2026-11-21T06:39:42.139Z."), "since 2026-11-21 06:39:42 UTC.");
    EXPECT_EQ(with_times("T2026-11-21T06:39"), "T2026-11-21T06:39");
}

TEST(Words, SizesHaveTheUnitsThatPeopleUse) {
    EXPECT_EQ(cpu_text(500), "0.5 cpu");
    EXPECT_EQ(cpu_text(1000), "1 cpu");
    EXPECT_EQ(cpu_text(2250), "2.25 cpus");
    EXPECT_EQ(cpu_text(0), "0 cpu");
    EXPECT_EQ(mebibytes_text(6144), "6 GiB");
    EXPECT_EQ(resources_text(Value::object({{"cpu_millis", 100}, {"memory_mib", 64}, {"disk_mib", 1536}})), "0.1 cpu, 64 MiB memory, 1.5 GiB disk");
}

}  // namespace
}  // namespace gk::programs
