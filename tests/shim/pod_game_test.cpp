#include <gtest/gtest.h>

#include "adapters/system/clock.hpp"
#include "net/shim/game_files.hpp"
#include "tests/shim/pod_run.hpp"
#include "wire/shim/game_files.hpp"

namespace gk::pod_test {
namespace {

// A pod, and two downloads of a game.
class GameInAPod : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directories(first / "lib");
        put(first / "server.jar", std::string(300'000, 'j'));
        put(first / "lib" / "run.sh", "#!/bin/sh\n");
        fs::permissions(first / "lib" / "run.sh", fs::perms::owner_all);
        fs::create_symlink("lib/run.sh", first / "run");
        fs::create_directories(second);
        put(second / "server.jar", "newer");
        ASSERT_TRUE(pod.start());
    }
    Result<Success, RuntimeError> bring(const fs::path& folder, Epoch epoch = Epoch{1}) {
        const net::shim::RemoteFiles::Place place{.shim = pod.remote(), .epoch = epoch};
        return async::run_until_done(io, net::shim::bring_game_files(clock, place, disk, folder.string()));
    }

    PodRun pod;
    const fs::path first = pod.directory.path() / "downloads" / "first";
    const fs::path second = pod.directory.path() / "downloads" / "second";
    const fs::path game = pod.volume / "game";
    boost::asio::io_context io;
    boost::asio::thread_pool disk{1};
    system::SystemClock clock{io.get_executor()};
};

TEST_F(GameInAPod, ComesWholeAndOnce) {
    const auto brought = bring(first);

    ASSERT_TRUE(brought) << brought.error().detail;
    EXPECT_EQ(content(game / "first" / "server.jar"), std::string(300'000, 'j'));
    EXPECT_EQ(fs::status(game / "first" / "lib" / "run.sh").permissions() & fs::perms::owner_exec, fs::perms::owner_exec);
    EXPECT_EQ(fs::status(game / "first" / "server.jar").permissions() & fs::perms::owner_exec, fs::perms::none);
    EXPECT_EQ(fs::read_symlink(game / "first" / "run"), "lib/run.sh");

    put(first / "server.jar", "is not looked at again");
    ASSERT_TRUE(bring(first));
    EXPECT_EQ(content(game / "first" / "server.jar").size(), 300'000U);
}

TEST_F(GameInAPod, AnotherOneTakesItsPlace) {
    ASSERT_TRUE(bring(first));
    ASSERT_TRUE(bring(second));

    EXPECT_EQ(content(game / "second" / "server.jar"), "newer");
    EXPECT_FALSE(fs::exists(game / "first"));
}

TEST_F(GameInAPod, HalfOfItIsNothing) {
    using Part = wire::shim::GameFilesPart;
    {
        SealedPeer peer(pod.port, pod.key);
        peer.send(wire::shim::encode(wire::shim::Request{.id = 1, .epoch = Epoch{1}, .op = Op::game_files, .text = {}}));
        ASSERT_FALSE(peer.receive(1).empty());
        peer.send(wire::shim::encode(Part{.kind = Part::Kind::begin, .text = "first", .more = {}}));
        ASSERT_FALSE(peer.receive(1).empty());
        peer.send(wire::shim::encode(Part{.kind = Part::Kind::file, .text = "server.jar", .more = {}}));
        peer.send(wire::shim::encode(Part{.kind = Part::Kind::part, .text = {}, .more = "half"}));
    }
    const auto brought = bring(first);

    ASSERT_TRUE(brought) << brought.error().detail;
    EXPECT_EQ(content(game / "first" / "server.jar").size(), 300'000U);
    EXPECT_FALSE(fs::exists(game / ".incoming"));
}

TEST_F(GameInAPod, StaysBelowItsFolder) {
    using Part = wire::shim::GameFilesPart;
    for (const auto* path : {"../data/x", "/etc/x", "a//b", "."}) {
        SealedPeer peer(pod.port, pod.key);
        peer.send(wire::shim::encode(wire::shim::Request{.id = 1, .epoch = Epoch{1}, .op = Op::game_files, .text = {}}));
        const auto answered = peer.receive(1);
        if (answered.empty()) continue;
        peer.send(wire::shim::encode(Part{.kind = Part::Kind::begin, .text = path, .more = {}}));
        EXPECT_TRUE(peer.receive(1).empty()) << path << " is no key";
    }
}

TEST_F(GameInAPod, IsBroughtByTheNewestKeeperAlone) {
    ASSERT_TRUE(bring(first, Epoch{2}));
    const auto older = bring(second, Epoch{1});

    ASSERT_FALSE(older);
    EXPECT_TRUE(fs::exists(game / "first"));
}

}  // namespace
}  // namespace gk::pod_test
