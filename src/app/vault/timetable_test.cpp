#include "app/vault/timetable.hpp"

#include <gtest/gtest.h>

namespace gk::app {
namespace {

using namespace std::chrono_literals;
using Action = server::Schedule::Action;

const Time noon = *parse_rfc3339("2026-11-21T12:00:00.000Z");

server::Record running(std::vector<server::Schedule> schedules = {}) {
    server::Record record;
    record.phase = server::Phase::running;
    record.started_at = noon - 10h;
    record.schedules = std::move(schedules);
    return record;
}

vault::Snapshot made_at(Time at) {
    vault::Snapshot snapshot;
    snapshot.created_at = at;
    snapshot.status = vault::SnapshotStatus::complete;
    return snapshot;
}

TEST(Schedules, OneThatIsNewIsMarkedAndDoesNotFireForItsPast) {
    auto record = running({{.at = "0 * * * *", .action = Action::restart}});
    const auto first = fire_schedules(record, noon);
    EXPECT_TRUE(first.changed);
    EXPECT_TRUE(first.due.empty());
    EXPECT_FALSE(fire_schedules(record, noon + 59min).changed);

    const auto hour = fire_schedules(record, noon + 1h);
    ASSERT_EQ(hour.due.size(), 1u);
    EXPECT_EQ(hour.due.front().action, Action::restart);
}

TEST(Schedules, TimesThatWentByFireOnce) {
    auto record = running({{.at = "*/5 * * * *", .action = Action::command, .command = "say hello", .last_fired_at = noon - 5h}});
    EXPECT_EQ(fire_schedules(record, noon).due, (std::vector{Due{.server = {}, .action = Action::command, .command = "say hello"}}));
    EXPECT_TRUE(fire_schedules(record, noon + 1min).due.empty());
}

TEST(Schedules, AClockThatIsPutBackStopsNoSchedule) {
    auto record = running({{.at = "0 * * * *", .last_fired_at = noon + 10000h}});
    EXPECT_TRUE(fire_schedules(record, noon).due.empty());
    EXPECT_EQ(fire_schedules(record, noon + 1h).due.size(), 1u);
}

TEST(Schedules, OnlyWhatMakesSenseIsDone) {
    struct Row {
        server::Phase phase;
        bool dirty;
        Action action;
        bool fires;
    };
    using enum server::Phase;
    for (const auto& row :
         {Row{running, false, Action::backup, true}, Row{running, false, Action::restart, true}, Row{paused, false, Action::backup, false},
          Row{paused, true, Action::backup, true}, Row{paused, true, Action::restart, false}, Row{stopped, false, Action::command, false}}) {
        auto record = app::running({{.at = "0 * * * *", .action = row.action, .last_fired_at = noon - 1h}});
        record.phase = row.phase;
        record.world_dirty = row.dirty;
        EXPECT_EQ(fire_schedules(record, noon).due.size(), row.fires ? 1u : 0u) << name_of(row.phase) << ' ' << name_of(row.action);
        EXPECT_EQ(record.schedules.front().last_fired_at, noon) << "passed over counts as done";
    }
}

TEST(Backups, AreDueAnHourAfterTheLastOneOrTheStart) {
    const Quiet nothing_known;
    auto record = running();
    EXPECT_TRUE(is_backup_due(record, {}, nothing_known, 1h, noon));
    const std::vector recent{made_at(noon - 59min)};
    EXPECT_FALSE(is_backup_due(record, recent, nothing_known, 1h, noon));
    const std::vector old{made_at(noon - 61min)};
    EXPECT_TRUE(is_backup_due(record, old, nothing_known, 1h, noon));

    record.started_at = noon - 30min;
    EXPECT_FALSE(is_backup_due(record, old, nothing_known, 1h, noon)) << "the game has just begun";
    record = running();
    record.request = server::Request{};
    EXPECT_FALSE(is_backup_due(record, old, nothing_known, 1h, noon)) << "something is being done already";
    record = running();
    record.phase = server::Phase::paused;
    EXPECT_FALSE(is_backup_due(record, old, nothing_known, 1h, noon));
    EXPECT_FALSE(is_backup_due(running(), old, nothing_known, 0h, noon)) << "switched off";
}

TEST(Backups, AreSkippedOnlyWhenNobodyWasSeenAllTheTime) {
    const auto record = running();
    const std::vector last{made_at(noon - 2h)};
    Quiet quiet;
    quiet.saw(record.uid, 0, noon - 3h);
    quiet.saw(record.uid, 0, noon - 1h);
    EXPECT_FALSE(is_backup_due(record, last, quiet, 1h, noon));

    quiet.saw(record.uid, std::nullopt, noon - 50min);
    quiet.saw(record.uid, 0, noon - 40min);
    EXPECT_TRUE(is_backup_due(record, last, quiet, 1h, noon)) << "not known is not nobody";

    quiet.saw(record.uid, 2, noon - 30min);
    EXPECT_TRUE(is_backup_due(record, last, quiet, 1h, noon));
}

}  // namespace
}  // namespace gk::app
