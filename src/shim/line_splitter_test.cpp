#include "shim/line_splitter.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace gk::shim {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(std::string_view bytes, std::size_t at_once) {
    Lines lines;
    LineSplitter splitter([&](std::string_view line) { lines.emplace_back(line); });
    for (; !bytes.empty(); bytes.remove_prefix(std::min(at_once, bytes.size()))) splitter.feed(bytes.substr(0, at_once));
    splitter.finish();
    return lines;
}

struct SplitCase {
    const char* name;
    std::string_view bytes;
    Lines lines;
};

// However the bytes arrive, the lines are the same.
TEST(LineSplitter, MakesPlainLinesOfWhatGamesPrint) {
    using namespace std::string_view_literals;
    const std::vector<SplitCase> cases{
        {"nothing", "", {}},
        {"two lines", "one\ntwo\n", {"one", "two"}},
        {"an end without a line feed", "one\ntwo", {"one", "two"}},
        {"an empty line", "one\n\ntwo\n", {"one", "", "two"}},
        {"carriage return and line feed", "one\r\ntwo\r\n", {"one", "two"}},
        {"a progress bar", "10%\r20%\rdone\n", {"10%", "20%", "done"}},
        {"colours", "\x1b[1;31mred\x1b[0m text\n", {"red text"}},
        {"a window title", "\x1b]0;title\x07text\n", {"text"}},
        {"a title ended by a string terminator", "\x1b]0;title\x1b\\text\n", {"text"}},
        {"a title that nobody ends", "\x1b]0;title\nnext\n", {"", "next"}},
        {"a character set", "\x1b(Btext\n", {"text"}},
        {"a sequence that the line's end cuts off", "a\x1b[1\nb\n", {"a", "b"}},
        {"control characters",
         "a\x01\x07"sv
         "b\x7f\tc\0d\n"sv,
         {"ab\tcd"}},
        {"umlauts", "gr\xc3\xbc\xc3\x9f\x65\n", {"gr\xc3\xbc\xc3\x9f\x65"}},
        {"bytes that are no text", "a\xff\x62\n", {"a\xef\xbf\xbd\x62"}},
        {"half a character at the end of the line", "a\xc3\n", {"a\xef\xbf\xbd"}},
        {"control characters of eight bits, as UTF-8", "a\xc2\x9b\x62\n", {"ab"}},
    };
    for (const auto& row : cases) {
        EXPECT_EQ(lines_of(row.bytes, row.bytes.size() + 1), row.lines) << row.name;
        EXPECT_EQ(lines_of(row.bytes, 1), row.lines) << row.name << ", byte by byte";
    }
}

TEST(LineSplitter, BreaksALineThatNeverEnds) {
    const auto lines = lines_of(std::string(2 * line_bytes_max + 3, 'x') + "\nnext\n", 100);

    ASSERT_EQ(lines.size(), 4U);
    EXPECT_EQ(lines[0].size(), line_bytes_max);
    EXPECT_EQ(lines[1].size(), line_bytes_max);
    EXPECT_EQ(lines[2], "xxx");
    EXPECT_EQ(lines[3], "next");
}

TEST(PlainText, LeavesPlainTextAlone) {
    EXPECT_EQ(plain_text("name \xe2\x82\xac"), "name \xe2\x82\xac");
    EXPECT_EQ(plain_text("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "half of a UTF-16 pair is no character";
}

}  // namespace
}  // namespace gk::shim
