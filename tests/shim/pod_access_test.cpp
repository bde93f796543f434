#include <gtest/gtest.h>

#include "tests/shim/pod_run.hpp"

namespace gk::pod_test {
namespace {

using Kind = RuntimeError::Kind;
using wire::files::Operation;

TEST(PodAccess, IsForHoldersOfTheKey) {
    PodRun pod, other;
    ASSERT_TRUE(pod.start());
    other.port = pod.port;
    other.key.fill(std::byte{9});
    Plane stranger(other);

    const auto refused = stranger.connect();
    const auto file = stranger.wait(stranger.files()->read(ServerUid{}, "x", 10));

    EXPECT_EQ(refused.error().kind, Kind::unavailable);
    EXPECT_NE(refused.error().detail.find("does not hold the key"), std::string::npos) << refused.error().detail;
    EXPECT_EQ(file.error().kind, FilesError::Kind::unavailable);
    Plane owner(pod);
    EXPECT_TRUE(owner.link().run(pod.toy()));
}

TEST(PodAccess, NeedsAKeyOfTheRightSize) {
    PodRun pod;
    put(pod.key_file, "too short");

    EXPECT_FALSE(pod.start());
}

TEST(PodAccess, RefusesLeadersThatHaveBeenReplacedAlsoAfterItsContainerWasStartedAgain) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane old(pod, Epoch{3});
    ASSERT_TRUE(old.link().run(pod.toy()));
    Plane fresh(pod, Epoch{4});
    fresh.link().until(Phase::ready);

    EXPECT_EQ(old.ask(Op::stop).error().kind, Kind::refused);
    EXPECT_FALSE(old.wait(old.files()->write(ServerUid{}, "x", {})));
    EXPECT_TRUE(fresh.wait(fresh.files()->write(ServerUid{}, "x", {})));
    pod.kill_everything();
    ASSERT_TRUE(pod.start());

    EXPECT_EQ(Plane(pod, Epoch{3}).connect().error().kind, Kind::refused);
    EXPECT_EQ((*fresh.link())->status().epoch, Epoch{4});
}

TEST(PodAccess, EndsTheFileConnectionsOfALeaderThatHasBeenReplaced) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    SealedPeer old(pod.port, pod.key);
    old.send(wire::shim::encode(wire::shim::Request{.id = 1, .epoch = Epoch{1}, .op = Op::files, .text = {}}));
    ASSERT_FALSE(old.receive(1).empty());

    Plane fresh(pod, Epoch{2});
    fresh.link();

    EXPECT_TRUE(old.receive(1).empty());
}

TEST(PodAccess, IsNotDeniedByManyWhoSayNothing) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    std::vector<RawPeer> idle;
    for (int i = 0; i < 200; ++i) idle.emplace_back(pod.port);

    Plane plane(pod);
    ASSERT_TRUE(plane.link().run(pod.toy()));
    plane.until(Phase::ready);

    // Those who came first made room, long before their time was over.
    EXPECT_GE(std::ranges::count_if(idle, &RawPeer::is_hung_up_on), 150);
}

TEST(PodAccess, HangsUpOnNonsenseAndOnTheSlow) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    const RawPeer nonsense(pod.port), slow(pod.port);
    nonsense.send(as_byte_span("GET / HTTP/1.1\r\n\r\n"));
    const std::byte first_of_a_size{0};
    slow.send(ByteSpan(&first_of_a_size, 1));

    EXPECT_TRUE(nonsense.receive().empty());
    EXPECT_TRUE(slow.receive().empty()) << "five seconds are enough to show a key";
}

TEST(PodAccess, CutsOffAHolderOfTheKeyThatSpeaksNonsense) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    SealedPeer peer(pod.port, pod.key);
    peer.send(as_byte_span("GET / HTTP/1.1\r\n\r\n"));

    EXPECT_TRUE(peer.receive(1).empty());
    EXPECT_TRUE(Plane(pod).connect());
}

TEST(PodAccess, DoesNotFollowARecording) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    ASSERT_TRUE(plane.link().run(pod.toy()));
    plane.until(Phase::ready);
    auto session = noise::Session::client(pod.key, wire::shim::pod_purpose);
    const auto opening = session.take_output();
    const RawPeer first(pod.port), again(pod.port);
    first.send(opening);
    ASSERT_TRUE(session.feed(first.receive()));
    session.send(wire::shim::encode(wire::shim::Request{.id = 1, .epoch = Epoch{1}, .op = Op::hello, .text = {}}));
    const auto hello = session.take_output();
    first.send(hello);
    ASSERT_FALSE(first.receive().empty());

    again.send(opening);
    ASSERT_FALSE(again.receive().empty()) << "the opening alone proves nothing";
    again.send(hello);

    EXPECT_TRUE(again.receive().empty());
}

}  // namespace
}  // namespace gk::pod_test
