#include "adapters/system/household.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace gk::system {
namespace {

class HouseholdTest : public testing::Test {
protected:
    std::string state() const { return (directory.path() / "state").string(); }
    test::TemporaryDirectory directory;
};

TEST_F(HouseholdTest, IsOneProcessAtATimeAndKeepsItsName) {
    std::string name;
    {
        const auto first = Household::take(state());
        ASSERT_TRUE(first) << first.error();
        name = first->name();

        const auto second = Household::take(state());

        ASSERT_FALSE(second);
        EXPECT_NE(second.error().find("is in use by another gamekeeper"), std::string::npos) << second.error();
    }
    const auto heir = Household::take(state());
    ASSERT_TRUE(heir) << heir.error();
    EXPECT_EQ(heir->name(), name);
    EXPECT_EQ(name.size(), 16U);
}

TEST_F(HouseholdTest, ACopyOfTheDirectoryIsAnotherOne) {
    const auto first = Household::take(state());
    const auto copy = (directory.path() / "copy").string();
    std::filesystem::copy(state(), copy);

    const auto second = Household::take(copy);

    ASSERT_TRUE(first && second);
    EXPECT_NE(first->name(), second->name());
}

TEST_F(HouseholdTest, SaysWhatIsWrongWithTheDirectory) {
    const auto none = Household::take("/proc/no-such-folder");

    ASSERT_FALSE(none);
    EXPECT_TRUE(none.error().starts_with("state: /proc/no-such-folder/in-use cannot be opened: ")) << none.error();
}

}  // namespace
}  // namespace gk::system
