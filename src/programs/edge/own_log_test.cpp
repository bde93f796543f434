#include "programs/edge/own_log.hpp"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/descriptor.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::programs {
namespace {

class OwnLogTest : public testing::Test {
protected:
    static Descriptor open(const std::string& file) { return Descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)); }
    static void write(const Descriptor& to, const std::string& text) {
        ASSERT_EQ(::write(to.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    static std::string text_of(const std::string& file) {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    test::TemporaryDirectory place_;
    std::string file = (place_.path() / "edge.log").string();
};

TEST_F(OwnLogTest, OneThatHasGrownGoesOnInANewFile) {
    const auto error = open(file);
    write(error, "0123456789");
    EXPECT_FALSE(rotate_own_log(error.get(), file, 10));
    write(error, "a");
    EXPECT_TRUE(rotate_own_log(error.get(), file, 10));
    write(error, "new");
    EXPECT_EQ(text_of(file), "new");
    EXPECT_EQ(text_of(file + ".1"), "0123456789a");

    write(error, "0123456789");
    EXPECT_TRUE(rotate_own_log(error.get(), file, 10));
    EXPECT_EQ(text_of(file + ".1"), "new0123456789") << "one is kept";
    EXPECT_EQ(text_of(file), "");
}

TEST_F(OwnLogTest, WhatIsNotThatFileIsLeftAlone) {
    const auto other = open(file + ".other");
    write(other, "0123456789a");
    write(open(file), "0123456789a");
    EXPECT_FALSE(rotate_own_log(other.get(), file, 10));
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const Descriptor reads(ends[0]), writes(ends[1]);
    EXPECT_FALSE(rotate_own_log(writes.get(), file, 0));
    EXPECT_FALSE(std::filesystem::exists(file + ".1"));
}

}  // namespace
}  // namespace gk::programs
