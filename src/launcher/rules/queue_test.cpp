#include "launcher/rules/queue.hpp"

#include <gtest/gtest.h>

namespace gk::launcher {
namespace {

using namespace wire::launcher;

const ServerUid one = *ServerUid::parse("0f8fad5b-d9cb-469f-a165-708677289501");
const ServerUid two = *ServerUid::parse("0f8fad5b-d9cb-469f-a165-708677289502");

RunConfined confined(ServerUid server) {
    RunConfined order;
    order.server = server;
    return order;
}

struct Orders : testing::Test {
    void add(std::uint64_t id, Order order) { queue.add({id, std::move(order)}); }
    // The ids of all that begin now.
    std::vector<std::uint64_t> begun() {
        std::vector<std::uint64_t> out;
        while (const auto request = queue.next()) out.push_back(request->id);
        return out;
    }
    using Ids = std::vector<std::uint64_t>;
    Queue queue;
};

TEST_F(Orders, ThatChangeOneServerFollowOneAnother) {
    add(1, CreateDisk{one, Disk::live, 1, 32});
    add(2, SeeDisks{one});
    add(3, SeeDisks{two});
    add(4, Kill{one});

    EXPECT_EQ(begun(), (Ids{1, 3}));
    queue.done(3);
    EXPECT_EQ(begun(), Ids{});
    queue.done(1);
    EXPECT_EQ(begun(), (Ids{2}));
    queue.done(2);
    EXPECT_EQ(begun(), (Ids{4}));
}

TEST_F(Orders, ThatOnlyLookWaitForNobody) {
    add(1, CreateDisk{one, Disk::live, 1, 32});
    add(2, ListServers{});
    add(3, OpenFiles{one});

    EXPECT_EQ(begun(), (Ids{1, 2, 3}));
}

TEST_F(Orders, ThatAreSlowLeaveRoomForOthers) {
    for (std::uint64_t id = 1; id <= 10; ++id) add(id, confined(one));
    add(11, SeeDisks{two});

    EXPECT_EQ(begun(), (Ids{1, 2, 3, 4, 5, 6, 7, 8, 11}));
    queue.done(5);
    EXPECT_EQ(begun(), (Ids{9}));
}

TEST_F(Orders, BeginOnlyWhileThereIsRoom) {
    for (std::uint64_t id = 1; id <= Queue::running_max + 1; ++id) add(id, ListServers{});

    EXPECT_EQ(begun().size(), Queue::running_max);
    queue.done(1);
    EXPECT_EQ(begun(), (Ids{Queue::running_max + 1}));
}

TEST_F(Orders, AreWithdrawnOnlyBeforeTheyBegin) {
    add(1, confined(one));
    EXPECT_TRUE(queue.withdraw(1));
    EXPECT_EQ(begun(), Ids{});

    add(2, confined(one));
    EXPECT_EQ(begun(), (Ids{2}));
    EXPECT_FALSE(queue.withdraw(2));
}

TEST_F(Orders, AreNotTakenInWithoutEnd) {
    for (std::uint64_t id = 1; id < Queue::waiting_max; ++id) add(id, ListServers{});
    EXPECT_FALSE(queue.is_full());
    add(0, ListServers{});
    EXPECT_TRUE(queue.is_full());
}

}  // namespace
}  // namespace gk::launcher
