#include "net/http/target.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gk::net {
namespace {

using Segments = std::vector<std::string>;

TEST(Target, SplitsThePathAndDecodesEachSegment) {
    struct Row {
        std::string_view text;
        Segments segments;
    };
    const Row rows[] = {
        {"/", {""}},
        {"/v1/servers", {"v1", "servers"}},
        {"/v1/servers/", {"v1", "servers", ""}},
        {"/a%2Fb/c%20d", {"a/b", "c d"}},
        {"/%C3%A4+b", {"ä+b"}},
        {"//x", {"", "x"}},
        {"/a?x=1", {"a"}},
        {"/...", {"..."}},
    };
    for (const auto& row : rows) {
        const auto target = parse_target(row.text);
        ASSERT_TRUE(target) << row.text << ": " << target.error();
        EXPECT_EQ(target->segments, row.segments) << row.text;
    }
}

TEST(Target, ReadsTheQueryInItsOrder) {
    const auto target = parse_target("/x?limit=5&match=a+b%26c&flag&&limit=6&empty=");

    ASSERT_TRUE(target);
    EXPECT_EQ(target->query.size(), 5u);
    EXPECT_EQ(target->find_query("limit"), "5");
    EXPECT_EQ(target->find_query("match"), "a b&c");
    EXPECT_EQ(target->find_query("flag"), "");
    EXPECT_EQ(target->find_query("empty"), "");
    EXPECT_EQ(target->find_query("none"), std::nullopt);
}

TEST(Target, RefusesWhatReadersWouldUnderstandDifferently) {
    for (const std::string_view text : {"", "*", "http://host/x", "host:80", "/a#b", "/a b", "/a\x80", "/%", "/%4", "/%zz", "/%00", "/%0a", "/a/../b",
                                        "/%2e%2e/b", "/./a", "/%C3%28", "/x?a=%0d", "/x?%ff=1", "/x?a=%"}) {
        EXPECT_FALSE(parse_target(text)) << text;
    }
}

TEST(Target, EncodingIsUndoneByDecoding) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);

    EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
    EXPECT_EQ(percent_encoded("a/b c~"), "a%2Fb%20c~");
}

}  // namespace
}  // namespace gk::net
