#include "adapters/restic/journal.hpp"

#include <gtest/gtest.h>

namespace gk::restic {
namespace {

SnapshotId id_of(std::uint8_t n) {
    UuidBits bits{};
    bits[15] = n;
    return SnapshotId(bits);
}

TEST(Journal, TellsBegunFromFinishedAfterItWasReadBack) {
    Journal journal;
    journal.set_key("abc");
    journal.begin(id_of(1));
    journal.finish(id_of(1), {.engine_id = "e1", .bytes = 7, .files = 2});
    journal.begin(id_of(2));

    const auto read = Journal::parse(journal.text());

    EXPECT_EQ(read.key(), "abc");
    EXPECT_EQ(read.known(id_of(1)), Journal::Known::finished);
    EXPECT_EQ(read.taken(id_of(1))->engine_id, "e1");
    EXPECT_EQ(read.taken(id_of(1))->bytes, 7);
    EXPECT_EQ(read.taken(id_of(1))->files, 2);
    EXPECT_EQ(read.known(id_of(2)), Journal::Known::begun);
    EXPECT_EQ(read.known(id_of(3)), Journal::Known::never);
}

TEST(Journal, KnowsTheEpochOfWhoChangedTheRepository) {
    Journal journal;
    EXPECT_EQ(Journal::parse(journal.text()).epoch(), Epoch{});
    journal.set_epoch(Epoch{7});
    EXPECT_EQ(Journal::parse(journal.text()).epoch(), Epoch{7});
}

TEST(Journal, LinesItDoesNotKnowArePassedOver) {
    const auto read = Journal::parse("garbage\nfinished x y z\nfinished 00000000-0000-0000-0000-000000000001 e one two\nfuture 1\n");
    EXPECT_EQ(read.known(id_of(1)), Journal::Known::never);
}

TEST(Journal, KeepsTheLastOnesOnly) {
    Journal journal;
    for (std::uint8_t n = 0; n < 100; ++n) journal.begin(id_of(n));
    EXPECT_EQ(journal.known(id_of(0)), Journal::Known::never);
    EXPECT_EQ(journal.known(id_of(99)), Journal::Known::begun);
}

}  // namespace
}  // namespace gk::restic
