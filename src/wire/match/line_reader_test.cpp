#include "wire/match/line_reader.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gk::wire::match {
namespace {

std::vector<std::string> lines_of(LineReader& reader, std::string_view bytes) {
    std::vector<std::string> out;
    while (const auto line = reader.next(bytes)) out.emplace_back(*line);
    return out;
}

using Lines = std::vector<std::string>;

TEST(MatchLineReader, TakesBothEndsOfLines) {
    LineReader reader(16);

    EXPECT_EQ(lines_of(reader, "a\nb\r\n\n\r\nc"), (Lines{"a", "b", "", ""}));
    EXPECT_EQ(lines_of(reader, "d\n"), Lines{"cd"});
}

TEST(MatchLineReader, GivesTheSameLinesHoweverTheyAreSplit) {
    const std::string_view all = "GET_STATE\r\nREQUEST 30\n\r\nx\n";
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        LineReader reader(16);

        auto lines = lines_of(reader, all.substr(0, cut));
        for (auto& line : lines_of(reader, all.substr(cut))) lines.push_back(std::move(line));

        EXPECT_EQ(lines, (Lines{"GET_STATE", "REQUEST 30", "", "x"})) << cut;
    }
}

TEST(MatchLineReader, TakesALineOfExactlyTheLimit) {
    for (const std::string_view end : {"\n", "\r\n"}) {
        LineReader reader(4);

        EXPECT_EQ(lines_of(reader, "1234" + std::string(end)), Lines{"1234"});
        EXPECT_FALSE(reader.is_too_long());
    }
}

TEST(MatchLineReader, RefusesALongerOneAndAllThatFollows) {
    for (const std::string_view bytes : {"12345\n", "12345\r\n", "123456", "12345678\nok\n"}) {
        LineReader reader(4);

        EXPECT_EQ(lines_of(reader, bytes), Lines{}) << bytes;
        EXPECT_TRUE(reader.is_too_long()) << bytes;
        EXPECT_EQ(lines_of(reader, "\nok\n"), Lines{});
    }
}

TEST(MatchLineReader, RefusesALongLineThatComesByteByByte) {
    LineReader reader(4);
    int taken = 0;
    while (!reader.is_too_long() && taken < 100) {
        std::string_view one = "x";
        reader.next(one);
        ++taken;
    }

    EXPECT_EQ(taken, 6);
}

}  // namespace
}  // namespace gk::wire::match
