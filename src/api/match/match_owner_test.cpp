#include "api/match/match_owner.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gk::api {
namespace {

using namespace std::chrono_literals;

const Secret key("of all control planes");
constexpr Time now{1'000'000s};

net::Request allocation() {
    net::Request request;
    request.method = net::Method::post;
    request.raw_target = "/v1/fleets/warm/allocate";
    request.body = R"({"match":"0190b2a0-0000-4000-8000-000000000001"})";
    return request;
}

app::Visitor a_player() {
    app::Visitor visitor;
    visitor.caller = {.name = "player:ada", .scope = Scope::player, .tenant = "acme", .only_reads = true};
    visitor.player = "ada";
    visitor.is_hearsay = true;
    return visitor;
}

TEST(Voucher, TellsAnotherControlPlaneWhoAsks) {
    const auto request = allocation();
    const auto voucher = make_voucher(key, request, a_player(), now + 30s);

    const auto visitor = visitor_of_voucher(key, request, voucher, now);
    ASSERT_TRUE(visitor);
    EXPECT_EQ(visitor->caller.name, "player:ada");
    EXPECT_EQ(visitor->caller.scope, Scope::player);
    EXPECT_EQ(visitor->caller.tenant, "acme");
    EXPECT_TRUE(visitor->caller.only_reads);
    EXPECT_EQ(visitor->player, "ada");
    EXPECT_TRUE(visitor->is_hearsay);
    EXPECT_FALSE(visitor->server);
}

TEST(Voucher, TheServerOfAMatchStaysThatServer) {
    app::Visitor visitor;
    visitor.server = MatchId::parse("0190b2a0-0000-4000-8000-000000000001");
    const auto request = allocation();

    const auto read = visitor_of_voucher(key, request, make_voucher(key, request, visitor, now + 30s), now);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->server, visitor.server);
    EXPECT_FALSE(read->player);
}

TEST(Voucher, IsGoodForThisRequestOnly) {
    const auto request = allocation();
    const auto voucher = make_voucher(key, request, a_player(), now + 30s);

    auto of_another_kind = allocation();
    of_another_kind.method = net::Method::put;
    auto for_another_fleet = allocation();
    for_another_fleet.raw_target = "/v1/fleets/cold/allocate";
    auto with_another_body = allocation();
    with_another_body.body += " ";
    for (const auto* other : {&of_another_kind, &for_another_fleet, &with_another_body}) EXPECT_FALSE(visitor_of_voucher(key, *other, voucher, now));
}

TEST(Voucher, IsNothingWithAnotherKeyOrWhenItsTimeIsOver) {
    const auto request = allocation();
    const auto voucher = make_voucher(key, request, a_player(), now + 30s);

    EXPECT_FALSE(visitor_of_voucher(Secret("of somebody else"), request, voucher, now));
    EXPECT_FALSE(visitor_of_voucher(key, request, voucher, now + 31s));
    EXPECT_FALSE(visitor_of_voucher(key, request, "", now));
}

}  // namespace
}  // namespace gk::api
