#include "wire/files/world_path.hpp"

#include <gtest/gtest.h>

namespace gk::wire::files {
namespace {

using Names = std::vector<std::string>;

TEST(WorldPath, DropsWhatNamesNothing) {
    EXPECT_EQ(world_path_names(""), Names{});
    EXPECT_EQ(world_path_names("."), Names{});
    EXPECT_EQ(world_path_names("a//b/./c/"), (Names{"a", "b", "c"}));
    EXPECT_EQ(world_path_names("..a/b.."), (Names{"..a", "b.."}));
}

TEST(WorldPath, RefusesWhatCannotLieInsideAWorld) {
    using namespace std::string_view_literals;
    for (const auto path : {"/"sv, "/etc/passwd"sv, ".."sv, "a/.."sv, "a/../b"sv, "../a"sv, "a\0b"sv}) EXPECT_FALSE(world_path_names(path)) << path;
    EXPECT_FALSE(world_path_names(std::string(256, 'x')));
    EXPECT_TRUE(world_path_names(std::string(255, 'x')));
    EXPECT_FALSE(world_path_names(std::string(4097, '/').replace(0, 1, "x")));
}

}  // namespace
}  // namespace gk::wire::files
