#include "adapters/kubernetes/objects/game_server.hpp"

#include <gtest/gtest.h>

#include "adapters/kubernetes/objects/conditions.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::text_at;

server::Record castle() {
    server::Record record;
    record.uid = ServerUid(uuid_from_random({1, 2, 3}));
    record.id = "castle";
    record.space = "friends";
    record.game = "minetest";
    record.package = "small";
    record.secrets["rcon"] = Secret("sesame");
    record.ports = {{.role = "rcon", .protocol = Protocol::tcp, .open = Port{30001}, .bound = Port{30001}, .internal = true},
                    {.role = "game", .protocol = Protocol::udp, .open = Port{30000}, .bound = Port{30000}, .internal = false}};
    return record;
}

// As the API server gives it back.
Value stored(const server::Record& record, Value status) {
    auto object = game_server_for(record);
    auto metadata = *object.find("metadata");
    metadata.set("resourceVersion", "17");
    object.set("metadata", std::move(metadata));
    object.set("status", std::move(status));
    return object;
}

TEST(GameServer, HoldsTheRecordWithoutItsSecrets) {
    auto record = castle();

    const auto object = stored(record, status_of({}, record, Time()));
    const auto read = record_of(object);

    EXPECT_EQ(to_json(object).find("sesame"), std::string::npos);
    ASSERT_TRUE(read && *read);
    record.secrets.clear();
    record.version.text = "17";
    EXPECT_EQ(**read, record);
}

TEST(GameServer, HasARecordOnlyWhileItIsOursAndReadable) {
    const auto record = castle();
    const auto good = stored(record, status_of({}, record, Time()));
    auto released = good;
    auto metadata = *good.find("metadata");
    metadata.set("deletionTimestamp", "2026-11-21T03:04:05Z");
    auto ending = good;
    ending.set("metadata", metadata);
    metadata.set("finalizers", Value::Array());
    released.set("metadata", metadata);
    auto copied = good;
    metadata = *good.find("metadata");
    metadata.set("name", "copy");
    copied.set("metadata", metadata);

    EXPECT_TRUE(**record_of(ending) == **record_of(good)) << "it waits for us";
    EXPECT_FALSE(*record_of(released)) << "we have let go of it";
    EXPECT_EQ(record_of(copied).error(), "status.record is that of friends/castle");
    EXPECT_FALSE(*record_of(game_server_for(record)));
    EXPECT_FALSE(record_of(stored(record, Value::object({{"record", "{"}}))));
}

TEST(GameServer, ShowsPeopleWhatTheyAskFor) {
    auto record = castle();
    record.host = "203.0.113.7";
    record.phase = server::Phase::running;
    record.wanted = server::Wanted::running;
    record.started_at = Time(Milliseconds(5));

    const auto status = status_of(Value::object({{"players", Value::object({{"online", 3}})}}), record, Time());

    EXPECT_EQ(text_at(status, {"state"}), "running");
    EXPECT_EQ(text_at(status, {"address"}), "203.0.113.7:30000");
    EXPECT_EQ(to_json(*status.find("endpoints")), R"([{"role":"game","protocol":"udp","port":30000,"host":"203.0.113.7"}])");
    EXPECT_EQ(*find_at(status, {"players", "online"}), Value(3));
    EXPECT_EQ(condition_in(conditions_in(status), "Ready")->status, "True");
    EXPECT_EQ(condition_in(conditions_in(status), "BackedUp")->reason, "NoSnapshot");

    record.started_at.reset();
    record.phase = server::Phase::failed;
    record.reason = "crash_loop";
    const auto down = status_of(status, record, Time());
    EXPECT_EQ(down.find("players"), nullptr) << "nobody plays a game that is down";
    EXPECT_EQ(condition_in(conditions_in(down), "Ready")->reason, "CrashLoop");
}

TEST(GameServer, RecordAndDeclarationKeepEachOthersStatus) {
    const auto record = castle();
    auto object = stored(record, status_of({}, record, Time()));
    const Meeting met{.declaration = *object.find("spec"), .record = Value::object({{"game", "minetest"}})};
    const Problem refused{.code = "no_room", .detail = "pause one first"};

    object.set("status", status_with(object, {.generation = 4, .met = met, .refused = refused}, Time()));
    object.set("status", status_of(*object.find("status"), record, Time()));

    const auto declaration = declaration_of(object);
    EXPECT_EQ(declaration.met, met);
    EXPECT_EQ(declaration.refused, refused);
    EXPECT_EQ(declaration.generation_seen, 4);
    ASSERT_TRUE(declaration.record);
    EXPECT_EQ(declaration.record->uid, record.uid);
}

TEST(GameServer, WhatWeDeclareOurselvesIsWhereTheLastMeetingEnded) {
    const auto record = castle();
    auto object = stored(record, Value::object());
    auto metadata = *object.find("metadata");
    metadata.set("generation", 4);
    object.set("metadata", metadata);
    const auto with_slots = [&](int slots) { return Value::object({{"settings", Value::object({{"slots", slots}})}}); };
    const Meeting met{.declaration = with_slots(1), .record = with_slots(1)};
    object.set("status", status_with(object, {.generation = 4, .met = met, .refused = {}}, Time()));

    auto ours = declared_by_us(object, with_slots(2));
    metadata = *ours.find("metadata");
    metadata.set("generation", 5);
    ours.set("metadata", metadata);
    EXPECT_EQ(declaration_of(ours).declared, with_slots(2));
    EXPECT_EQ(declaration_of(ours).met->declaration, with_slots(2)) << "nobody else has changed it";
    EXPECT_EQ(declaration_of(ours).met->record, with_slots(1));

    // People have changed it after us, and that was noted: what we once said means nothing any more.
    const Meeting later{.declaration = with_slots(3), .record = with_slots(3)};
    ours.set("spec", with_slots(3));
    ours.set("status", status_with(ours, {.generation = 6, .met = later, .refused = {}}, Time()));
    EXPECT_EQ(declaration_of(ours).met, later);
}

TEST(Conditions, ChangeTheirTimeWithTheirStatusOnly) {
    const auto at = [](const Value& conditions) { return text_at(conditions.as_array()->front(), {"lastTransitionTime"}); };
    const auto first =
        with_condition(Value(Value::Array()), {.type = "Ready", .status = "False", .reason = "A", .message = {}}, Time(Milliseconds(1000)));
    const auto same = with_condition(first, {.type = "Ready", .status = "False", .reason = "B", .message = "why"}, Time(Milliseconds(9000)));
    const auto other = with_condition(same, {.type = "Ready", .status = "True", .reason = "C", .message = {}}, Time(Milliseconds(9000)));

    EXPECT_EQ(at(first), "1970-01-01T00:00:01Z");
    EXPECT_EQ(at(same), at(first));
    EXPECT_EQ(at(other), "1970-01-01T00:00:09Z");
    EXPECT_EQ(condition_in(other, "Ready")->reason, "C");
    EXPECT_EQ(camel_case("does_not_fit"), "DoesNotFit");
    EXPECT_EQ(snake_case("DoesNotFit"), "does_not_fit");
}

}  // namespace
}  // namespace gk::kubernetes
