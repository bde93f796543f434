#include "domain/front/wake_story.hpp"

#include <gtest/gtest.h>

#include "domain/wake/trace.hpp"

namespace gk::front {
namespace {

using namespace std::chrono_literals;

const auto noon = *parse_rfc3339("2026-11-22T12:00:00.000Z");

server::Record woken() {
    server::Record record;
    record.last_start = server::Start{.cause = {.kind = server::Cause::Kind::knock, .player = "ann", .trace = wake::trace_of(noon + 120ms, 0xab)},
                                      .asked_at = noon + 130ms};
    record.started_at = noon + 610ms;
    return record;
}

TEST(WakeStory, IsToldFromTheFirstPacketToTheFirstByte) {
    const auto trace = woken().last_start->cause.trace;
    EXPECT_EQ(wake_story(woken(), noon + 650ms), "Trace " + trace +
                                                     ": first packet 12:00:00.120, asked 12:00:00.130, ready 12:00:00.610, first byte relayed "
                                                     "12:00:00.650 (UTC).");
}

TEST(WakeStory, IsToldAsFarAsItHasGot) {
    auto record = woken();
    record.started_at.reset();
    EXPECT_EQ(wake_story(record, {}), "Trace " + record.last_start->cause.trace + ": first packet 12:00:00.120, asked 12:00:00.130 (UTC).");
}

TEST(WakeStory, AProcessThatCameLaterIsNotOfIt) {
    auto record = woken();
    record.started_at = noon + std::chrono::hours(1);
    const auto story = wake_story(record, noon + 650ms);
    ASSERT_TRUE(story);
    EXPECT_EQ(story->find("ready"), std::string::npos) << *story;
}

TEST(WakeStory, OfAnythingButAKnockThereIsNone) {
    EXPECT_EQ(wake_story(server::Record(), noon), std::nullopt);
    auto record = woken();
    record.last_start->cause.kind = server::Cause::Kind::person;
    EXPECT_EQ(wake_story(record, noon), std::nullopt);
    record = woken();
    record.last_start->cause.trace.clear();
    EXPECT_EQ(wake_story(record, noon), std::nullopt) << "of an edge that gives none";
}

}  // namespace
}  // namespace gk::front
