#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "domain/server/record.hpp"

namespace gk::server {
namespace {

constexpr Time then{Milliseconds(1'800'000'000'123)};

template <class IdType>
IdType id(std::uint8_t number) {
    return IdType(UuidBits{number});
}

Record full_record() {
    Record it;
    it.uid = id<ServerUid>(1);
    it.id = "castle";
    it.space = "friends";
    it.tenant = "acme";
    it.game = "minetest";
    it.package = "small";
    it.resources = {.cpu = {500}, .memory = {1024}, .disk = {5120}};
    it.settings = {{"max_users", Value(15)}, {"motd", Value("hello \"you\"")}};
    it.applied_settings = {{"max_users", Value(10)}};
    it.labels = {{"team", "a"}};
    it.schedules = {{.at = "0 4 * * *", .action = Schedule::Action::command, .command = "save", .last_fired_at = then}};
    it.backup_every = std::chrono::minutes(90);
    it.ports = {{.role = "game", .protocol = Protocol::udp, .open = Port{30000}, .bound = Port{30001}, .internal = true}};
    it.secrets = {{"rcon", Secret("hunter2")}};
    it.slot = 7;
    it.wanted = Wanted::paused;
    it.phase = Phase::backing_up;
    it.phase_since = then;
    it.reason = "vault_unavailable";
    it.message = "the vault is away";
    it.request = Request{.operation = id<OperationId>(2),
                         .verb = Verb::remove,
                         .force = true,
                         .purge = true,
                         .scheduled = true,
                         .snapshot = id<SnapshotId>(3),
                         .restored = true,
                         .asked_at = then,
                         .failed = Problem{"a", "b"}};
    it.superseded = {id<OperationId>(4)};
    it.world_complete = it.world_dirty = it.quiesced = it.given_up = true;
    it.progress = Progress::probed;
    it.progress_since = then;
    it.saving = Saving{.id = id<SnapshotId>(5),
                       .consistency = vault::Consistency::quiesced,
                       .trigger = vault::Trigger::stop,
                       .begun_at = then,
                       .taken = true,
                       .spoiled = Problem{"c", "d"}};
    it.staged = Staged{.snapshot = id<SnapshotId>(6), .whole = true};
    it.undo = id<SnapshotId>(7);
    it.notice_due = "crash_loop";
    it.crashes = {then, then + Milliseconds(1)};
    it.not_before = then;
    it.attempts = 3;
    it.last_exit = Exit{.cause = ExitCause::out_of_memory, .signal = 9, .code = 137, .at = then, .log_tail = "a\nb", .memory_peak = {900}};
    it.last_snapshot = id<SnapshotId>(8);
    it.started_at = then;
    it.created_at = it.updated_at = then;
    it.version = Version{42};
    return it;
}

Record read(const Value& value) {
    Record out;
    Errors errors;
    EXPECT_TRUE(decode(value, "", errors, out));
    for (const auto& error : errors.list()) ADD_FAILURE() << error.pointer << ": " << error.detail;
    return out;
}

TEST(RecordCodec, ReadsBackEveryMember) { EXPECT_EQ(read(to_value(full_record())), full_record()); }

TEST(RecordCodec, ReadsBackARecordWithNothingOptional) {
    Record bare;
    bare.id = "a";
    bare.game = "b";

    EXPECT_EQ(read(to_value(bare)), bare);
}

TEST(RecordCodec, PassesOverWhatNewerVersionsWrite) {
    auto value = to_value(full_record());
    value.set("from_the_future", Value::object({{"x", 1}}));

    EXPECT_EQ(read(value), full_record());
}

TEST(RecordCodec, ADocumentThatIsNoRecordIsRefused) {
    auto value = to_value(full_record());
    value.set("uid", "not a uuid");
    Record out;
    Errors errors;

    EXPECT_FALSE(decode(value, "", errors, out));
    ASSERT_EQ(errors.list().size(), 1u);
    EXPECT_EQ(errors.list()[0].pointer, "/uid");
}

// The file holds the first released form, byte for byte. When this fails, older databases cannot be read: mend the codec, never the file.
TEST(RecordCodec, TheStoredFormIsTheReleasedOne) {
    std::ifstream file(std::string(GK_SOURCE_DIR) + "/src/domain/server/testdata/record_1.json");
    std::stringstream text;
    text << file.rdbuf();

    EXPECT_EQ(to_json(to_value(full_record())) + "\n", text.str());
}

}  // namespace
}  // namespace gk::server
