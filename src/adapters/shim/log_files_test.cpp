#include "adapters/shim/log_files.hpp"

#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace gk::shim {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view stamp = "2026-11-21T03:04:05.678Z ";

struct Log : testing::Test {
    void write(std::uint64_t base, const std::string& bytes) { std::ofstream(folder / fmt::format("{:020}.log", base), std::ios::binary) << bytes; }
    std::vector<std::string> texts(std::uint64_t cursor, std::size_t lines_max = 1000) const {
        std::vector<std::string> out;
        for (const auto& line : LogFiles(folder).read(cursor, lines_max).value()) out.push_back(line.line);
        return out;
    }
    static std::string line(std::string_view text) { return fmt::format("{}{}\n", stamp, text); }
    using Texts = std::vector<std::string>;
    test::TemporaryDirectory directory;
    const fs::path& folder = directory.path();
};

TEST_F(Log, IsEmptyBeforeTheFirstRun) {
    EXPECT_TRUE(LogFiles(folder / "none").read(0, 10).value().empty());
    EXPECT_EQ(LogFiles(folder).cursor_from_end(5).value(), 0U);
}

TEST_F(Log, IsReadOnFromTheCursorOfTheLastLine) {
    const auto first = line("one") + line("two");
    write(0, first);
    write(first.size(), line("three"));

    const auto some = LogFiles(folder).read(0, 2).value();
    ASSERT_EQ(some.size(), 2U);
    EXPECT_EQ(rfc3339(some[0].at), "2026-11-21T03:04:05.678Z");
    EXPECT_EQ(some[1].cursor, first.size());

    EXPECT_EQ(texts(some[0].cursor), (Texts{"two", "three"}));
    EXPECT_EQ(texts(some[1].cursor), (Texts{"three"}));
    EXPECT_EQ(texts(first.size() + line("three").size()), Texts{});
}

TEST_F(Log, StartsAtTheOldestKeptLineForAnOlderCursor) {
    write(5000, line("kept"));

    EXPECT_EQ(texts(17), (Texts{"kept"}));
}

TEST_F(Log, NeverShowsHalfALine) {
    write(0, line("whole") + std::string(stamp) + "hal");

    EXPECT_EQ(texts(0), (Texts{"whole"}));
    EXPECT_EQ(texts(3), Texts{}) << "the cursor is inside the first line";
}

TEST_F(Log, IsFoundFromItsEnd) {
    std::string first, second;
    for (int i = 0; i < 3000; ++i) first += line(fmt::format("a{}", i));
    for (int i = 0; i < 3; ++i) second += line(fmt::format("b{}", i));
    write(0, first);
    write(first.size(), second);
    const LogFiles log(folder);

    EXPECT_EQ(texts(log.cursor_from_end(2).value()), (Texts{"b1", "b2"}));
    EXPECT_EQ(texts(log.cursor_from_end(3).value()), (Texts{"b0", "b1", "b2"}));
    EXPECT_EQ(texts(log.cursor_from_end(4).value()), (Texts{"a2999", "b0", "b1", "b2"}));
    EXPECT_EQ(texts(log.cursor_from_end(2500).value()).size(), 1000U);
    EXPECT_EQ(LogFiles(folder).read(log.cursor_from_end(2500).value(), 9000).value().size(), 2500U);
    EXPECT_EQ(log.cursor_from_end(9000).value(), 0U);
    EXPECT_EQ(log.cursor_from_end(0).value(), first.size() + second.size());
}

TEST_F(Log, ReadsALargeOneInPiecesWithoutALoss) {
    std::string bytes;
    for (int i = 0; i < 60'000; ++i) bytes += line(fmt::format("{}", i));
    write(0, bytes);

    std::uint64_t cursor = 0;
    int next = 0;
    for (auto lines = LogFiles(folder).read(cursor, 100'000).value(); !lines.empty(); lines = LogFiles(folder).read(cursor, 100'000).value()) {
        for (const auto& one : lines) ASSERT_EQ(one.line, std::to_string(next++));
        cursor = lines.back().cursor;
    }

    EXPECT_EQ(next, 60'000);
}

}  // namespace
}  // namespace gk::shim
