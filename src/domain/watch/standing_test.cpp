#include "domain/watch/standing.hpp"

#include <gtest/gtest.h>

namespace gk::watch {
namespace {

server::Record castle(server::Phase phase, server::Wanted wanted) {
    server::Record record;
    record.id = "castle";
    record.phase = phase;
    record.wanted = wanted;
    record.phase_since = Time(Milliseconds(1'800'000'000'000));
    return record;
}

TEST(Standing, IsWhereAServerHasArrived) {
    using enum server::Phase;
    EXPECT_EQ(standing_of(castle(running, server::Wanted::running)), Standing::up);
    EXPECT_EQ(standing_of(castle(paused, server::Wanted::paused)), Standing::asleep);
    EXPECT_EQ(standing_of(castle(stopped, server::Wanted::stopped)), Standing::down);
    auto lost = castle(failed, server::Wanted::running);
    EXPECT_EQ(standing_of(lost), std::nullopt) << "it is tried again";
    lost.given_up = true;
    EXPECT_EQ(standing_of(lost), Standing::down);
}

TEST(Standing, OfWhatIsOnItsWayThereIsNone) {
    using enum server::Phase;
    for (const auto phase : {starting, pausing, stopping, backing_up, restoring_files})
        EXPECT_EQ(standing_of(castle(phase, server::Wanted::running)), std::nullopt) << name_of(phase);
    EXPECT_EQ(standing_of(castle(paused, server::Wanted::running)), std::nullopt) << "it is about to start";
    EXPECT_EQ(standing_of(castle(running, server::Wanted::paused)), std::nullopt) << "it is about to sleep";
}

TEST(Standing, IsToldWithItsReason) {
    auto record = castle(server::Phase::running, server::Wanted::running);
    record.last_start.emplace();
    record.last_start->cause = {.kind = server::Cause::Kind::knock, .player = "ann", .source = "203.0.113.7:4711"};
    EXPECT_EQ(subject_of(record, Standing::up), "Server 'castle' is up");
    EXPECT_EQ(text_of(record, Standing::up),
              "Server 'castle' is up since 2027-01-15T08:00:00.000Z. It was started by a knock by ann from 203.0.113.7:4711.");
}

TEST(Standing, ItsLettersAreToldFromThoseOfIncidents) {
    for (const auto standing : {Standing::up, Standing::asleep, Standing::down}) EXPECT_TRUE(is_news(kind_of(standing)));
    for (const auto* other : {"crash_loop", "server_", "server_gone", ""}) EXPECT_FALSE(is_news(other)) << other;
}

}  // namespace
}  // namespace gk::watch
