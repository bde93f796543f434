#include "domain/fleet/reach.hpp"

#include <array>

#include <gtest/gtest.h>

namespace gk::fleet {
namespace {

using enum server::Exposure::Kind;

constexpr std::array with_nodes = {node_port, host_port};
constexpr std::array without_nodes = {node_port, internal};

TEST(WayToMatchServer, IsWhatItsGameSays) {
    EXPECT_EQ(way_to_match_server(internal, with_nodes), internal);
    EXPECT_EQ(way_to_match_server(internal, without_nodes), internal);
    EXPECT_EQ(way_to_match_server(host_port, with_nodes), host_port);
}

TEST(WayToMatchServer, IsTheUsualOneWhereNothingIsSaidOrAServiceIsNeeded) {
    for (const auto asked : {std::optional<server::Exposure::Kind>(), std::optional(node_port), std::optional(load_balancer)}) {
        EXPECT_EQ(way_to_match_server(asked, with_nodes), host_port);
        EXPECT_EQ(way_to_match_server(asked, without_nodes), internal);
    }
}

TEST(WayToMatchServer, IsRefusedWhereNodesAreClosedToPlayers) {
    const auto refused = way_to_match_server(host_port, without_nodes);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().find("add hostPort to cluster.exposures"), std::string::npos) << refused.error();
}

}  // namespace
}  // namespace gk::fleet
