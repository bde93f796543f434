#include "domain/server/sleep.hpp"

#include <gtest/gtest.h>

#include "domain/server/cause.hpp"
#include "domain/server/record.hpp"
#include "domain/server/request.hpp"

namespace gk::server {
namespace {

constexpr Time now{Milliseconds(1'800'000'000'000)};

template <class Wish>
std::vector<std::string> wrong_places(const Value& value) {
    Errors errors;
    Wish wish;
    std::vector<std::string> places;
    if (decode_strictly(value, "", errors, wish)) return places;
    for (const auto& error : errors.list()) places.push_back(error.pointer);
    return places;
}

using Places = std::vector<std::string>;

TEST(SleepWishes, AnAllowListIsOneOfNamesOrAddresses) {
    EXPECT_EQ(wrong_places<WakeWish>(Value::object({{"admission", "any"}})), Places{});
    EXPECT_EQ(wrong_places<WakeWish>(Value::object({{"admission", "allow-list"}, {"names", Value::array({"ann"})}})), Places{});
    EXPECT_EQ(wrong_places<WakeWish>(Value::object({{"admission", "allow-list"}})), Places{"/admission"});
    EXPECT_EQ(wrong_places<WakeWish>(Value::object({{"names", Value::array({"ann"})}})), Places{"/admission"});
    EXPECT_EQ(wrong_places<WakeWish>(Value::object({{"admission", "allow-list"}, {"addresses", Value::array({"203.0.113.9/24"})}})),
              Places{"/addresses"});
    EXPECT_EQ(wrong_places<WakeWish>(Value::object({{"admission", "allow-list"}, {"names", Value::array({""})}})), Places{"/names"});
    EXPECT_EQ(wrong_places<WakeWish>(Value::object({{"starts_per_day", 0}})), Places{"/starts_per_day"});
    EXPECT_EQ(wrong_places<WakeWish>(Value::object({{"adminission", "any"}})), Places{"/adminission"});
}

TEST(SleepWishes, AWorldStaysUpForTwoMinutesAtLeast) {
    EXPECT_EQ(wrong_places<IdleWish>(Value::object({{"after", "2m"}})), Places{});
    EXPECT_EQ(wrong_places<IdleWish>(Value::object({{"after", "never"}})), Places{});
    EXPECT_EQ(wrong_places<IdleWish>(Value::object({{"after", "119s"}})), Places{"/after"});
    EXPECT_EQ(wrong_places<IdleWish>(Value::object({{"after", "seldom"}})), Places{"/after"});
    EXPECT_EQ(wrong_places<IdleWish>(Value::object({{"after", "5m"}, {"notice", "5m"}})), Places{"/notice"});
}

Record sleeping() {
    Record record;
    record.id = "castle";
    record.game = "minetest";
    record.wanted = Wanted::paused;
    record.phase = Phase::paused;
    record.world_complete = true;
    record.ports = {{.role = "game", .protocol = Protocol::udp, .open = Port{30000}, .bound = Port{30000}},
                    {.role = "rcon", .protocol = Protocol::tcp, .open = Port{30001}, .bound = Port{30001}, .internal = true}};
    return record;
}

Request knock(Time at) {
    Request request;
    request.verb = Verb::start;
    request.cause = {.kind = Cause::Kind::knock, .player = "ann", .source = "203.0.113.7:4711"};
    request.asked_at = at;
    return request;
}

TEST(SleepWishes, ARecordKeepsThem) {
    auto record = sleeping();
    record.wake = WakeWish{.admission = wake::Admission::allow_list, .names = {"ann"}, .addresses = {"203.0.113.0/24"}, .starts_per_day = 3};
    record.idle = IdleWish{.never = false, .after = std::chrono::minutes(10), .notice = std::chrono::minutes(1)};
    record.behind_edge = true;
    record.request = knock(now);
    record.last_start = Start{.cause = record.request->cause, .asked_at = now};
    record.knocks = {now, now + Milliseconds(1)};
    record.start_times = {Milliseconds(1500), Milliseconds(2500)};
    Record back;
    Errors errors;
    ASSERT_TRUE(decode(to_value(record), "", errors, back));
    EXPECT_EQ(back, record);
    record.idle = IdleWish{.never = true, .after = {}, .notice = {}};
    ASSERT_TRUE(decode(to_value(record), "", errors, back));
    EXPECT_EQ(back, record);
}

TEST(Knocks, AStartByOneIsRememberedForADay) {
    const auto first = take_request(sleeping(), knock(now), now);
    ASSERT_TRUE(first && first->changed);
    ASSERT_TRUE(first->record.last_start);
    EXPECT_EQ(text_of(first->record.last_start->cause), "a knock by ann from 203.0.113.7:4711");
    EXPECT_EQ(text_of({.kind = Cause::Kind::knock, .player = {}, .source = {}, .trace = "4bf92f3577b34da6"}), "a knock, trace 4bf92f3577b34da6");
    EXPECT_EQ(first->record.knocks, std::vector<Time>{now});

    auto again = sleeping();
    again.knocks = first->record.knocks;
    const auto later = now + std::chrono::hours(24);
    const auto second = take_request(again, knock(later), later);
    ASSERT_TRUE(second && second->changed);
    EXPECT_EQ(second->record.knocks, std::vector<Time>{later});
}

TEST(Knocks, APersonWhoStartsItDoesNotCount) {
    auto request = knock(now);
    request.cause = {};
    const auto taken = take_request(sleeping(), request, now);
    ASSERT_TRUE(taken && taken->changed);
    EXPECT_TRUE(taken->record.knocks.empty());
}

TEST(BehindTheEdge, TheGameMayHaveAnAddressOfItsOwn) {
    auto record = sleeping();
    record.slot = 258;
    stand_behind_edge(record, -2000, true);
    EXPECT_TRUE(record.own_network);
    EXPECT_EQ(loopback_of(record), "127.71.1.2");

    stand_behind_edge(record, -2000, false);
    EXPECT_FALSE(record.own_network) << "this machine cannot do it any more";
    EXPECT_EQ(loopback_of(record), "127.0.0.1");
    stand_behind_edge(record, std::nullopt, true);
    EXPECT_FALSE(record.own_network) << "nobody stands before it";
    record.slot = 1 << 16;
    stand_behind_edge(record, -2000, true);
    EXPECT_FALSE(record.own_network) << "there are no more addresses than that";
}

TEST(BehindTheEdge, TheGameBindsOtherNumbersThanPlayersUse) {
    auto record = sleeping();
    stand_behind_edge(record, -2000);
    EXPECT_TRUE(record.behind_edge);
    EXPECT_TRUE(wakes_by_knock(record));
    EXPECT_EQ(record.ports[0].open, Port{30000});
    EXPECT_EQ(record.ports[0].bound, Port{28000});
    EXPECT_EQ(record.ports[1].bound, Port{30001}) << "nobody but the shim comes to it";

    stand_behind_edge(record, std::nullopt);
    EXPECT_FALSE(record.behind_edge);
    EXPECT_FALSE(wakes_by_knock(record));
    EXPECT_EQ(record.ports[0].bound, Port{30000});
}

TEST(BehindTheEdge, WhereThereNeverWasOneOthersDecideWhatIsBound) {
    auto record = sleeping();
    record.ports[0].bound = Port{7777};  // A pod's own.
    stand_behind_edge(record, std::nullopt);
    EXPECT_EQ(record.ports[0].bound, Port{7777});
}

TEST(BehindTheEdge, AClustersServerIsAsItsPortsAreOpen) {
    auto record = sleeping();
    record.ports[0].bound = Port{7777};
    record.applied_exposure = Exposure{.kind = Exposure::Kind::edge};
    stand_behind_edge(record, std::nullopt);
    EXPECT_TRUE(record.behind_edge);
    EXPECT_EQ(record.ports[0].bound, Port{7777});
    record.applied_exposure->kind = Exposure::Kind::internal;
    stand_behind_edge(record, std::nullopt);
    EXPECT_FALSE(record.behind_edge);
    record.applied_exposure->kind = Exposure::Kind::edge;
    stand_behind_edge(record, -2000);
    EXPECT_EQ(record.ports[0].bound, Port{28000}) << "brought from a cluster to a machine";
}

TEST(BehindTheEdge, WhoIsWokenByNobodyDoesNotWakeByKnock) {
    auto record = sleeping();
    stand_behind_edge(record, -2000);
    record.wake = WakeWish{.admission = wake::Admission::never, .names = {}, .addresses = {}};
    EXPECT_FALSE(wakes_by_knock(record));
}

}  // namespace
}  // namespace gk::server
