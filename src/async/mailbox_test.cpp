#include "async/mailbox.hpp"

#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "async/run.hpp"
#include "async/task_group.hpp"

namespace gk::async {
namespace {
namespace asio = boost::asio;

Task<void> collect(Mailbox<int>& box, std::vector<int>& got) {
    while (const auto message = co_await box.receive()) got.push_back(*message);
}

TEST(Mailbox, DeliversInOrderAndEndsWhenItIsClosedAndEmpty) {
    asio::io_context io;
    Mailbox<int> box(8, WhenFull::refuse);
    std::vector<int> got;
    TaskGroup group(io.get_executor());
    group.spawn("receiver", collect(box, got));
    io.poll();

    EXPECT_TRUE(box.send(1));
    EXPECT_TRUE(box.send(2));
    box.close();
    EXPECT_FALSE(box.send(3));
    run_until_done(io, group.join());

    EXPECT_EQ(got, (std::vector<int>{1, 2}));
}

TEST(Mailbox, RefusesWhenFull) {
    Mailbox<int> box(2, WhenFull::refuse);

    EXPECT_TRUE(box.send(1));
    EXPECT_TRUE(box.send(2));
    EXPECT_FALSE(box.send(3));
    EXPECT_EQ(box.size(), 2u);
}

TEST(Mailbox, DropsTheOldestAndCountsIt) {
    asio::io_context io;
    Mailbox<int> box(2, WhenFull::drop_oldest);
    for (const int number : {1, 2, 3, 4}) EXPECT_TRUE(box.send(number));

    EXPECT_EQ(run_until_done(io, box.receive()), std::optional(3));
    EXPECT_EQ(box.take_lost(), 2u);
    EXPECT_EQ(box.take_lost(), 0u);
}

TEST(Mailbox, AReceiverCanBeCancelled) {
    asio::io_context io;
    Mailbox<int> box(2, WhenFull::refuse);
    std::vector<int> got;
    TaskGroup group(io.get_executor());
    group.spawn("receiver", collect(box, got));
    io.poll();

    group.cancel();
    run_until_done(io, group.join());

    EXPECT_TRUE(got.empty());
}

}  // namespace
}  // namespace gk::async
