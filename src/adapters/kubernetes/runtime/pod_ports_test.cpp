#include "adapters/kubernetes/runtime/pod_ports.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "domain/fleet/server_uid.hpp"

namespace gk::kubernetes {
namespace {

struct PodPortsTest : testing::Test {
    static ServerUid server(std::uint8_t number) { return fleet::match_server_uid({number}); }
    // Empty: there are none.
    std::vector<server::PortBinding> given_to(ServerUid uid) {
        PortOwner owner{.uid = uid, .space = "matches", .id = "duels", .exposure = {}};
        std::vector<PortWish> wishes{{.role = "game", .tcp = true}};
        auto given = async::run_until_done(io, ports.reserve(std::move(owner), std::move(wishes), {}));
        return given.value_or(std::vector<server::PortBinding>());
    }
    boost::asio::io_context io;
    async::ManualClock clock;
    PodPorts ports{clock, {.first = Port{7000}, .last = Port{7001}}, true};
};

// The scheduler keeps a port from two pods of one node only by letting the second one wait.
TEST_F(PodPortsTest, NobodyGetsWhatAPodHasFromAnEarlierOwner) {
    const server::PortBinding had{.role = "game", .protocol = Protocol::tcp, .open = Port{7000}, .bound = Port{7000}};
    EXPECT_TRUE(async::run_until_done(io, ports.enter(server(1), {had})).has_value());

    const auto given = given_to(server(2));

    ASSERT_EQ(given.size(), 1U);
    EXPECT_EQ(given.front().open, Port{7001});
    EXPECT_TRUE(given_to(server(3)).empty()) << "both are taken";
}

TEST_F(PodPortsTest, WhatRestsIsStillHisWhoHasItNow) {
    const auto first = given_to(server(1));
    EXPECT_TRUE(async::run_until_done(io, ports.release(server(1))).has_value());
    EXPECT_TRUE(async::run_until_done(io, ports.enter(server(2), first)).has_value());

    clock.advance(std::chrono::minutes(2));

    EXPECT_EQ(given_to(server(3)).front().open, Port{7001});
    EXPECT_TRUE(given_to(server(4)).empty());
}

}  // namespace
}  // namespace gk::kubernetes
