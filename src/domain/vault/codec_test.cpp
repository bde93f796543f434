#include "domain/vault/codec.hpp"

#include <gtest/gtest.h>

namespace gk::vault {
namespace {

TEST(SnapshotCodec, ReadsBackWhatItWrote) {
    const Snapshot snapshot{.id = SnapshotId(uuid_from_random({1})),
                            .server = ServerUid(uuid_from_random({2})),
                            .status = SnapshotStatus::complete,
                            .consistency = Consistency::at_rest,
                            .trigger = Trigger::before_restore,
                            .created_at = Time(Milliseconds(1700000000123)),
                            .sequence = 7,
                            .bytes = 5'000'000'000,
                            .files = 12,
                            .engine_id = "abc123",
                            .reason = "none"};
    Errors errors;
    Snapshot read;

    ASSERT_TRUE(decode(to_value(snapshot), "", errors, read));

    EXPECT_EQ(read, snapshot);
}

TEST(SnapshotCodec, RefusesAnUnknownStatus) {
    auto document = to_value(Snapshot());
    document.set("status", "perfect");
    Errors errors;
    Snapshot read;

    EXPECT_FALSE(decode(document, "", errors, read));

    ASSERT_EQ(errors.list().size(), 1u);
    EXPECT_EQ(errors.list()[0].pointer, "/status");
}

}  // namespace
}  // namespace gk::vault
