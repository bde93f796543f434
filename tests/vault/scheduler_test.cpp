#include "app/vault/scheduler.hpp"

#include <gtest/gtest.h>

#include "tests/vault/household.hpp"

namespace gk::app {
namespace {

using namespace std::chrono_literals;
using Action = server::Schedule::Action;

// A runtime of which only observe() is asked.
class PlayersOnly final : public Runtime {
public:
    std::optional<int> online = 1;

    Answer<Seen> observe(ServerUid) override {
        Seen seen;
        seen.process = Seen::Process::ready;
        seen.players.online = online;
        co_return seen;
    }
    Answer<std::vector<ServerUid>> list() override { co_return none(); }
    std::shared_ptr<void> watch(Changed) override { return nullptr; }
    Answer<Success> create_disk(ServerUid, DiskSpec, Epoch) override { co_return none(); }
    Answer<Success> free_disk(ServerUid, Epoch) override { co_return none(); }
    Answer<Success> stage_disk(ServerUid, DiskSpec, Epoch) override { co_return none(); }
    Answer<Success> commit_staged(ServerUid, Epoch) override { co_return none(); }
    Answer<Success> discard_staged(ServerUid, Epoch) override { co_return none(); }
    Answer<Success> launch(server::LaunchSpec, Epoch) override { co_return none(); }
    Answer<Success> stop(ServerUid, Epoch) override { co_return none(); }
    Answer<Success> kill(ServerUid, Epoch) override { co_return none(); }
    Answer<Success> clean(ServerUid, Epoch) override { co_return none(); }
    Answer<Success> forget(ServerUid, Epoch) override { co_return none(); }
    Answer<Success> quiesce(ServerUid, Epoch) override { co_return none(); }
    Answer<Success> resume(ServerUid, Epoch) override { co_return none(); }
    Answer<std::string> command(ServerUid, std::string, Epoch) override { co_return none(); }
    Answer<std::vector<LogLine>> logs(ServerUid, std::uint64_t, std::size_t) override { co_return none(); }
    Answer<std::uint64_t> log_cursor_from_end(ServerUid, std::size_t) override { co_return none(); }
    Result<std::shared_ptr<void>, RuntimeError> watch_log(ServerUid, std::function<void()>) override { return none(); }
    Answer<server::Usage> usage(ServerUid) override { co_return none(); }
    Answer<std::string> health() override { co_return none(); }

private:
    static std::unexpected<RuntimeError> none() { return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "not in this test"}); }
};

class SchedulerTest : public testing::Test {
protected:
    Task<void> note(Due due) {
        asked.push_back(std::move(due));
        co_return;
    }
    void rounds_for(Milliseconds duration) {
        for (const auto end = home.clock.now() + duration; home.clock.now() < end; home.clock.advance(1min)) home.run(scheduler.round());
    }

    Household home;
    PlayersOnly runtime;
    std::vector<Due> asked;
    Scheduler scheduler{
        {.store = home.store, .ledger = home.ledger, .runtime = runtime, .clock = home.clock}, [this](Due due) { return note(std::move(due)); }, {}};
};

TEST_F(SchedulerTest, ARunningServerIsBackedUpEachHour) {
    const auto record = home.add_server(1);
    home.add_server(2, server::Phase::paused);
    std::uint8_t made = 0;
    for (int minute = 0; minute < 200; ++minute) {
        rounds_for(1min);
        if (asked.size() > made) home.back_up(record, ++made);
    }
    EXPECT_EQ(asked.size(), 3u);
    for (const auto& due : asked) EXPECT_EQ(due, (Due{.server = record.uid, .action = Action::backup, .command = {}}));
}

TEST_F(SchedulerTest, NothingIsBackedUpWhileNobodyIsOn) {
    const auto record = home.add_server(1);
    runtime.online = 0;
    rounds_for(1min);
    home.back_up(record, 1);

    rounds_for(10h);
    EXPECT_TRUE(asked.empty());

    runtime.online = 1;
    rounds_for(1min);
    EXPECT_EQ(asked.size(), 1u);
}

TEST_F(SchedulerTest, AScheduleFiresOnceAndTheMarkIsStored) {
    auto record = home.add_server(1);
    record.schedules = {{.at = "*/30 * * * *", .action = Action::command, .command = "say hello"}};
    record.backup_every = Milliseconds(0);
    ASSERT_TRUE(home.run(home.store.replace(record)));

    rounds_for(61min);

    EXPECT_EQ(asked.size(), 2u);
    EXPECT_TRUE(home.run(home.store.get(record.uid))->schedules.front().last_fired_at.has_value());

    // A new scheduler, as after a restart, does not fire again for the same time.
    Scheduler another({.store = home.store, .ledger = home.ledger, .runtime = runtime, .clock = home.clock},
                      [this](Due due) { return note(std::move(due)); }, {});
    home.run(another.round());
    EXPECT_EQ(asked.size(), 2u);
}

}  // namespace
}  // namespace gk::app
