#include "adapters/shim/log_watch.hpp"

#include <fstream>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace gk::shim {
namespace {

namespace fs = std::filesystem;

// The kernel queues a notice before the write that it is about returns: nothing has to be waited for.
struct Watch : testing::Test {
    static void write(const fs::path& folder, const std::string& text) { std::ofstream(folder / "0.log", std::ios::app) << text; }
    std::shared_ptr<void> follow(const fs::path& folder, int& wakes) {
        auto followed = watch->follow(folder, [&wakes] { ++wakes; });
        EXPECT_TRUE(followed) << followed.error().detail;
        return followed.value_or(nullptr);
    }
    bool woken(int& wakes) {
        io.restart();
        io.poll();
        return std::exchange(wakes, 0) > 0;
    }
    fs::path make(const std::string& name) const {
        fs::create_directory(root / name);
        return root / name;
    }

    test::TemporaryDirectory directory;
    const fs::path& root = directory.path();
    boost::asio::io_context io;
    std::shared_ptr<LogWatch> watch = std::make_shared<LogWatch>(io.get_executor());
    int one = 0;
    int other = 0;
};

TEST_F(Watch, WakesWhoFollowsThisLogAndNobodyElse) {
    const auto mine = make("a");
    const auto following = follow(mine, one);
    const auto also = follow(make("b"), other);
    EXPECT_FALSE(woken(one));

    write(mine, "line\n");

    EXPECT_TRUE(woken(one));
    EXPECT_FALSE(woken(other));
    EXPECT_FALSE(woken(one)) << "told once";
}

TEST_F(Watch, WakesAllFollowersOfOneLogUntilEachHasLeft) {
    const auto folder = make("a");
    const auto first = follow(folder, one);
    auto second = follow(folder, other);

    write(folder, "line\n");
    EXPECT_TRUE(woken(one));
    EXPECT_TRUE(woken(other));

    second.reset();
    write(folder, "line\n");
    EXPECT_TRUE(woken(one));
    EXPECT_FALSE(woken(other));
}

TEST_F(Watch, HearsOfAFileThatRotationMakes) {
    const auto folder = make("a");
    const auto following = follow(folder, one);

    std::ofstream(folder / "1.log") << "";

    EXPECT_TRUE(woken(one));
}

TEST_F(Watch, FollowsAServerThatHasNeverRunFromItsFirstStartOn) {
    const auto following = follow(root / "later", one);
    EXPECT_FALSE(woken(one));

    const auto folder = make("later");
    write(folder, "written before anybody watched\n");
    watch->appeared(folder);
    EXPECT_TRUE(woken(one));

    write(folder, "line\n");
    EXPECT_TRUE(woken(one));
}

TEST_F(Watch, TellsTheEndOfAServerAndFollowsTheNextFolderOfThatName) {
    const auto folder = make("a");
    const auto following = follow(folder, one);

    fs::remove_all(folder);
    EXPECT_TRUE(woken(one));

    make("a");
    watch->appeared(folder);
    EXPECT_TRUE(woken(one));
    write(folder, "line\n");
    EXPECT_TRUE(woken(one));
}

TEST_F(Watch, LetsGoOfALogThatNobodyFollowsAndTakesItUpAgain) {
    const auto folder = make("a");
    follow(folder, one).reset();
    write(folder, "line\n");
    EXPECT_FALSE(woken(one));

    const auto again = follow(folder, one);
    write(folder, "line\n");
    EXPECT_TRUE(woken(one));
}

TEST_F(Watch, SaysWhyAFolderCannotBeFollowed) {
    std::ofstream(root / "file") << "";

    const auto followed = watch->follow(root / "file", [] {});

    ASSERT_FALSE(followed);
    EXPECT_EQ(followed.error().kind, RuntimeError::Kind::unavailable);
    EXPECT_NE(followed.error().detail.find("Not a directory"), std::string::npos) << followed.error().detail;
}

}  // namespace
}  // namespace gk::shim
