#include "base/descriptor.hpp"

#include <fcntl.h>

#include <gtest/gtest.h>

namespace gk {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
int any() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(Descriptor, ClosesWhatItOwnsOnce) {
    const int one = any();
    {
        Descriptor owner(one);
        Descriptor other(std::move(owner));
        EXPECT_TRUE(is_open(one));
    }
    EXPECT_FALSE(is_open(one));
    EXPECT_FALSE(Descriptor());
}

TEST(Descriptor, ClosesTheOldOneWhenItGetsANewOne) {
    const int one = any();
    const int two = any();
    Descriptor owner(one);

    owner = Descriptor(two);
    EXPECT_FALSE(is_open(one));
    EXPECT_EQ(owner.get(), two);

    owner.reset();
    EXPECT_FALSE(is_open(two));
    EXPECT_FALSE(owner);
}

TEST(Descriptor, GivesAwayWhatItReleases) {
    const int one = any();
    {
        EXPECT_EQ(Descriptor(one).release(), one);
    }
    EXPECT_TRUE(is_open(one));
    ::close(one);
}

}  // namespace
}  // namespace gk
