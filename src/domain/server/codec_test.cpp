#include <fstream>
#include <random>
#include <sstream>
#include <tuple>

#include <gtest/gtest.h>

#include "domain/server/record.hpp"

namespace gk::server {
namespace {

constexpr Time then{Milliseconds(1'800'000'000'123)};

template <class IdType>
IdType id(std::uint8_t number) {
    return IdType(UuidBits{number});
}

// With every member that the first release knew.
Record released_record() {
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
                         .cause = {.kind = Cause::Kind::schedule},
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
    it.last_exit = Exit{.cause = ExitCause::out_of_memory, .signal = 9, .code = 137, .at = then, .log_tail = "a\nb", .memory_peak = MebiBytes(900)};
    it.last_snapshot = id<SnapshotId>(8);
    it.started_at = then;
    it.created_at = it.updated_at = then;
    it.version = Version{"42"};
    return it;
}

// With what has been added since.
Record full_record() {
    auto it = released_record();
    it.notify = {"ann@example.org"};
    it.behind_edge = it.own_network = true;
    it.last_start =
        Start{.cause = {.kind = Cause::Kind::knock, .player = "ann", .source = "203.0.113.7:4711", .trace = "4bf92f3577b34da6"}, .asked_at = then};
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

// The full record with any of its members gone, or with other words and numbers in them.
Record any_record(std::mt19937_64& dice) {
    auto it = full_record();
    const auto coin = [&] { return dice() % 2 == 0; };
    const auto word = [&](std::size_t names) { return static_cast<std::uint8_t>(dice() % names); };
    const auto maybe_gone = [&](auto& member) {
        if (coin()) member = {};
    };
    const auto text = [&] {
        std::string some;
        for (auto length = dice() % 12; length > 0; --length) some += static_cast<char>(dice() % 127 + 1);
        return some;
    };
    std::apply([&](auto&... member) { (maybe_gone(member), ...); },
               std::tie(it.package, it.settings, it.applied_settings, it.labels, it.schedules, it.backup_every, it.ports, it.secrets, it.reason,
                        it.request, it.superseded, it.saving, it.staged, it.undo, it.notice_due, it.crashes, it.not_before, it.last_exit,
                        it.last_snapshot, it.started_at));
    it.message = text();
    it.labels[text()] = text();
    it.phase = static_cast<Phase>(word(phase_names.size()));
    it.wanted = static_cast<Wanted>(word(wanted_names.size()));
    it.progress = static_cast<Progress>(word(progress_names.size()));
    it.world_complete = coin();
    it.world_dirty = coin();
    it.quiesced = coin();
    it.given_up = coin();
    it.disk_level = static_cast<DiskLevel>(word(disk_level_names.size()));
    it.attempts = static_cast<std::uint32_t>(dice());
    it.slot = static_cast<std::uint32_t>(dice() % 100'000);
    it.phase_since = Time(Milliseconds(static_cast<std::int64_t>(dice() % 4'000'000'000'000)));
    it.version = Version{coin() ? std::to_string((dice() >> 1) + 1) : text()};
    if (it.request) {
        it.request->verb = static_cast<Verb>(word(verb_names.size()));
        maybe_gone(it.request->snapshot);
        maybe_gone(it.request->failed);
        it.request->force = coin();
    }
    if (it.last_exit) {
        it.last_exit->cause = static_cast<ExitCause>(word(exit_cause_names.size()));
        maybe_gone(it.last_exit->signal);
        maybe_gone(it.last_exit->code);
        it.last_exit->log_tail = text();
    }
    return it;
}

TEST(RecordCodec, ReadsBackWhateverItWrites) {
    std::mt19937_64 dice(7);
    for (int i = 0; i < 1000; ++i) {
        const auto record = any_record(dice);
        ASSERT_EQ(read(to_value(record)), record) << "record " << i << ": " << to_json(to_value(record));
    }
}

TEST(RecordCodec, ReadsBackARecordWithNothingOptional) {
    Record bare;
    bare.id = "a";
    bare.game = "b";

    EXPECT_EQ(read(to_value(bare)), bare);
}

TEST(RecordCodec, ReadsBackWhereAServerOfAClusterIsReached) {
    auto record = full_record();
    record.host = "192.0.2.1";
    record.exposure = Exposure{.kind = Exposure::Kind::load_balancer, .address = "a.example", .dns_label = "castle", .static_address = "192.0.2.2"};
    record.applied_exposure = record.exposure;

    EXPECT_EQ(read(to_value(record)), record);
}

TEST(RecordCodec, WhatIsOpenIsWhatIsWantedUnlessItSaysOtherwise) {
    auto record = full_record();
    record.exposure = record.applied_exposure = Exposure{.kind = Exposure::Kind::host_port, .address = {}, .dns_label = {}, .static_address = {}};
    record.launch = record.applied_launch = LaunchWay::wrapper;
    EXPECT_EQ(to_value(record).find("applied_exposure"), nullptr) << "as in records from before it was known";
    EXPECT_EQ(read(to_value(record)), record);

    record.applied_exposure.reset();
    record.applied_launch = LaunchWay::shim;
    EXPECT_EQ(read(to_value(record)), record);
    record.exposure.reset();
    record.applied_exposure.emplace();
    EXPECT_EQ(read(to_value(record)), record);
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

    EXPECT_EQ(to_json(to_value(released_record())) + "\n", text.str());
}

}  // namespace
}  // namespace gk::server
