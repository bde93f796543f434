#include "domain/server/disk.hpp"

#include <gtest/gtest.h>

namespace gk::server {
namespace {

using enum DiskLevel;

struct Case {
    const char* what;
    DiskLevel before;
    std::int64_t used;
    std::optional<std::int64_t> size;
    DiskLevel after;
};

TEST(Disk, IsLowFromEightyFivePercentAndFullWhenNothingIsLeft) {
    const Case cases[] = {
        {"empty", fine, 0, 1000, fine},
        {"just below the warning", fine, 849, 1000, fine},
        {"the warning", fine, 850, 1000, low},
        {"one mebibyte left", fine, 999, 1000, low},
        {"nothing left", low, 1000, 1000, full},
        {"more than there should be", low, 1001, 1000, full},
        {"filled at once", fine, 1000, 1000, full},
        {"warned, and a little less", low, 849, 1000, low},
        {"warned, and at the end of the warning", low, 800, 1000, low},
        {"warned, and over", low, 799, 1000, fine},
        {"no longer full", full, 900, 1000, low},
        {"made room", full, 100, 1000, fine},
        {"a plain folder, low of what the server was given", fine, 425, std::nullopt, low},
        {"a plain folder, full", fine, 500, std::nullopt, full},
        {"a disk that is larger than its package says", fine, 500, 1000, fine},
        {"no disk", full, 0, 0, fine},
    };
    for (const auto& it : cases) {
        Usage usage;
        usage.disk.count = it.used;
        if (it.size) usage.disk_size = MebiBytes{*it.size};
        EXPECT_EQ(disk_level(it.before, usage, MebiBytes{500}), it.after) << it.what;
    }
}

Record up() {
    Record record;
    record.phase = Phase::running;
    record.wanted = Wanted::running;
    return record;
}

TEST(Disk, ALevelIsShownAndToldOnce) {
    auto record = up();

    note_disk(record, low);
    EXPECT_EQ(record.reason, "disk_low");
    EXPECT_TRUE(record.message.contains("85 %"));
    EXPECT_EQ(std::exchange(record.notice_due, ""), "disk_low");
    EXPECT_FALSE(must_pause_for_disk(record));

    note_disk(record, low);
    EXPECT_EQ(record.notice_due, "");

    note_disk(record, full);
    EXPECT_EQ(record.reason, "disk_full");
    EXPECT_EQ(std::exchange(record.notice_due, ""), "disk_full");
    EXPECT_TRUE(must_pause_for_disk(record));

    note_disk(record, fine);
    EXPECT_EQ(record.reason + record.message + record.notice_due, "");
}

TEST(Disk, AnotherReasonIsNotHidden) {
    auto record = up();
    record.reason = "vault_unavailable";
    record.message = "the vault is away";
    record.notice_due = "backup_failed";

    note_disk(record, full);

    EXPECT_EQ(record.reason, "vault_unavailable");
    EXPECT_EQ(record.message, "the vault is away");
    EXPECT_EQ(record.notice_due, "backup_failed");
    EXPECT_EQ(record.disk_level, full);
}

TEST(Disk, OnlyAGameThatRunsAndShouldIsPaused) {
    for (std::size_t phase = 0; phase < phase_names.size(); ++phase) {
        for (std::size_t wanted = 0; wanted < wanted_names.size(); ++wanted) {
            auto record = up();
            record.phase = static_cast<Phase>(phase);
            record.wanted = static_cast<Wanted>(wanted);
            record.disk_level = full;
            EXPECT_EQ(must_pause_for_disk(record), record.phase == Phase::running && record.wanted == Wanted::running);
        }
    }
}

}  // namespace
}  // namespace gk::server
