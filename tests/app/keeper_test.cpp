#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/world.hpp"

// In which order the keeper does what the contract orders, on the simulator's ground with all its faults switched off.
namespace gk::app {
namespace {

using namespace std::chrono_literals;
using server::Phase;
using server::Verb;
using Names = std::vector<std::string>;

const Caller owner{.name = "owner"};
using Answered = std::shared_ptr<std::optional<Result<Accepted, Error>>>;

Task<void> create(Servers& servers, CreateOrder order, Answered answered) {
    const Idempotency once;
    *answered = co_await servers.create(owner, order, once);
}
Task<void> carry(Servers& servers, VerbOrder order, Answered answered) {
    const std::string space = "default", id = "castle";
    const Idempotency once;
    *answered = co_await servers.ask(owner, space, id, order, once);
}

class KeeperOrder : public testing::Test {
protected:
    explicit KeeperOrder(std::uint64_t seed = 1) : world(seed) {
        ground.faults = sim::Faults();
        ground.quiet = true;
        ground.deaths = {~0ULL};  // None, but the calls are listed.
        CreateOrder order;
        order.id = "castle";
        order.game = "toy";
        order.start = true;
        auto answered = std::make_shared<std::optional<Result<Accepted, Error>>>();
        world.life().spawn(create(world.life().servers(), order, answered));
        world.run_for(30s);
        ground.play(uid());
        start = std::exchange(ground.waits, {});
    }

    ServerUid uid() const { return ground.state->servers.begin()->first; }
    const server::Record& record() const { return ground.state->servers.at(uid()); }
    // Asks, and gives it that long.
    Operation ask(VerbOrder order, Milliseconds wait = 1min) {
        auto answered = std::make_shared<std::optional<Result<Accepted, Error>>>();
        world.life().spawn(carry(world.life().servers(), order, answered));
        world.run_for(1ms);
        world.run_for(wait);
        if (!*answered || !**answered) return {};
        return ground.state->operations.at((**answered)->operation.id).operation;
    }
    Operation ask(Verb verb) {
        VerbOrder order;
        order.verb = verb;
        return ask(order);
    }
    // The calls that change something, in their order; a call is listed when it begins and when it ends.
    Names effects() const {
        static const std::set<std::string> told = {
            "vault.probe",    "quiesce", "resume",        "vault.take",   "vault.verify",  "stop",
            "kill",           "clean",   "free_disk",     "create_disk",  "stage_disk",    "vault.restore",
            "launch",         "forget",  "commit_staged", "store.remove", "ports.release", "vault.remove_repository",
            "ledger.put_kept"};
        Names names;
        for (const auto& name : ground.waits) {
            if (told.contains(name) && (names.empty() || names.back() != name)) names.push_back(name);
        }
        return names;
    }
    bool did(const std::string& name) const {
        const auto names = effects();
        return std::ranges::find(names, name) != names.end();
    }
    SnapshotId newest() const { return ground.snapshots(uid()).front().id; }

    sim::World world;
    sim::Ground& ground = world.ground();
    Names start;  // Every call of its first start.
};

// With steps that share writes, as the simulator has it for every third seed.
struct SharedWrites : KeeperOrder {
    explicit SharedWrites(std::uint64_t seed = 2) : KeeperOrder(seed) {}
    // A call is listed when it begins and when it ends.
    static std::ptrdiff_t writes(const Names& calls) { return std::ranges::count(calls, "store.replace") / 2; }
};

// Whose game is ready within five seconds.
struct QuickStart : SharedWrites {
    QuickStart() : SharedWrites(5) {}
};

TEST_F(SharedWrites, AreOneBeforeAWorldsFirstGameAndOneForEachStateBehindIt) {
    const auto launch = std::ranges::find(start, "launch");

    ASSERT_TRUE(ground.shares_writes);
    ASSERT_NE(launch, start.end());
    EXPECT_EQ(writes(Names(start.begin(), launch)), 1);
    // Starting, running, and that the request is done.
    EXPECT_EQ(writes(Names(launch, start.end())), 3);
    EXPECT_EQ(record().phase, Phase::running);
}

TEST_F(QuickStart, IsNeverStoredAsStarting) {
    const auto launch = std::ranges::find(start, "launch");

    ASSERT_TRUE(ground.shares_writes);
    ASSERT_NE(launch, start.end());
    // Running, and that the request is done.
    EXPECT_EQ(writes(Names(launch, start.end())), 2);
    EXPECT_EQ(record().phase, Phase::running);
}

TEST_F(SharedWrites, TellEveryPhaseAllTheSame) {
    std::vector<std::string> phases;
    for (const auto& event : ground.state->events) {
        if (event.type == "server.phase") phases.push_back(*event.data.find("phase")->as_string());
    }

    EXPECT_EQ(phases, (Names{"validating", "backup_check", "creating_defaults", "deploying", "starting", "address_allocation", "running"}));
}

TEST_F(SharedWrites, KeepTheOrderOfAPause) {
    const auto operation = ask(Verb::pause);

    EXPECT_EQ(operation.status, Operation::Status::succeeded);
    EXPECT_EQ(effects(), (Names{"vault.probe", "quiesce", "vault.take", "resume", "vault.verify", "stop", "vault.take", "vault.verify", "clean"}));
}

TEST_F(KeeperOrder, APauseProvesTheVaultAndASnapshotBeforeItStopsAndAnotherBeforeItIsDone) {
    const auto operation = ask(Verb::pause);

    EXPECT_EQ(operation.status, Operation::Status::succeeded);
    EXPECT_EQ(record().phase, Phase::paused);
    EXPECT_EQ(effects(), (Names{"vault.probe", "quiesce", "vault.take", "resume", "vault.verify", "stop", "vault.take", "vault.verify", "clean"}));
}

TEST_F(KeeperOrder, AStopFreesTheDiskAfterTheProofAndAStartRestoresIt) {
    EXPECT_EQ(ask(Verb::stop).status, Operation::Status::succeeded);
    auto names = effects();
    ASSERT_GE(names.size(), 3u);
    EXPECT_EQ(names.back(), "free_disk");
    EXPECT_EQ(names[names.size() - 3], "vault.verify");
    ground.waits.clear();

    EXPECT_EQ(ask(Verb::start).status, Operation::Status::succeeded);

    EXPECT_EQ(effects(), (Names{"stage_disk", "vault.restore", "commit_staged", "launch"}));
}

TEST_F(KeeperOrder, AVaultThatIsAwayKeepsTheGameUp) {
    ground.vault_down = true;
    const auto operation = ask(Verb::pause);

    EXPECT_EQ(operation.status, Operation::Status::failed);
    EXPECT_FALSE(did("stop"));
    EXPECT_EQ(record().phase, Phase::backup_failed);
    EXPECT_EQ(ground.cells[uid()].process, Seen::Process::ready);

    ground.vault_down = false;
    world.run_for(1min);
    EXPECT_EQ(record().phase, Phase::running);
}

TEST_F(KeeperOrder, AVaultThatGoesBetweenTheSnapshotsKeepsTheDiskUntilItIsBack) {
    VerbOrder order;
    order.verb = Verb::stop;
    std::ignore = ask(order, 1ms);
    while (!did("stop") && world.breach().empty()) world.run_for(1ms);
    ground.vault_down = true;
    world.run_for(1min);
    EXPECT_EQ(record().phase, Phase::backup_failed);
    EXPECT_TRUE(ground.cells[uid()].disk);

    ground.vault_down = false;
    world.run_for(2min);
    EXPECT_EQ(record().phase, Phase::stopped);
    EXPECT_FALSE(ground.cells[uid()].disk);
}

TEST_F(KeeperOrder, ForceStopsWithoutAskingTheVault) {
    VerbOrder order;
    order.verb = Verb::pause;
    order.force = "castle";
    ground.vault_down = true;

    EXPECT_EQ(ask(order).status, Operation::Status::succeeded);

    EXPECT_EQ(effects().front(), "stop");
    EXPECT_EQ(record().phase, Phase::paused);
}

TEST_F(KeeperOrder, ARestoreSavesThePresentBeforeThePastTakesItsPlace) {
    std::ignore = ask(Verb::backup);
    ground.play(uid());
    ground.waits.clear();
    VerbOrder order;
    order.verb = Verb::restore;
    order.snapshot = newest();

    EXPECT_EQ(ask(order).status, Operation::Status::succeeded);

    EXPECT_EQ(effects(),
              (Names{"vault.probe", "stop", "vault.take", "vault.verify", "clean", "stage_disk", "vault.restore", "commit_staged", "launch"}));
    EXPECT_EQ(ground.snapshots(uid()).front().trigger, vault::Trigger::before_restore);
}

// It was pruned after the request was accepted. The simulator found the server going round between restoring_files and failed.
TEST_F(KeeperOrder, ARestoreOfASnapshotThatHasGoneFailsAndTheGameGoesOn) {
    std::ignore = ask(Verb::backup);
    VerbOrder order;
    order.verb = Verb::restore;
    order.snapshot = newest();
    std::ignore = ask(order, 1ms);
    ground.state->snapshots.erase(*order.snapshot);
    world.run_for(2min);

    EXPECT_EQ(record().phase, Phase::running);
    EXPECT_FALSE(record().request.has_value());
    EXPECT_TRUE(record().crashes.empty());
    const auto failed = [](const auto& it) { return it.second.operation.error && it.second.operation.error->code == "no_snapshot"; };
    EXPECT_TRUE(std::ranges::any_of(ground.state->operations, failed));
}

TEST_F(KeeperOrder, APurgeSavesNothingAndRemovesTheBackupsBeforeTheRecord) {
    VerbOrder order;
    order.verb = Verb::remove;
    order.purge = "castle";

    EXPECT_EQ(ask(order).status, Operation::Status::succeeded);

    EXPECT_EQ(effects(),
              (Names{"stop", "clean", "free_disk", "vault.remove_repository", "forget", "ports.release", "store.remove", "ports.release"}));
    EXPECT_TRUE(ground.state->servers.empty());
}

// Simulator, seed 1093.
TEST_F(KeeperOrder, ADeleteThatKeepsNothingLeavesNothingInTheCatalogue) {
    vault::Snapshot tried;
    tried.id = SnapshotId(uuid_from_random({7}));
    tried.server = uid();
    tried.status = vault::SnapshotStatus::failed;
    ground.state->snapshots.emplace(tried.id, tried);
    VerbOrder order;
    order.verb = Verb::remove;
    order.force = "castle";
    ground.vault_down = true;
    std::ignore = ask(order);

    ground.vault_down = false;
    world.run_for(5min);

    EXPECT_TRUE(ground.state->servers.empty());
    EXPECT_TRUE(ground.state->kept_worlds.empty());
    EXPECT_TRUE(ground.state->snapshots.empty());
}

TEST_F(KeeperOrder, AKeeperThatTheLedgerRefusesStopsForGood) {
    const auto newer = static_cast<Epoch>(std::to_underlying(ground.state->epoch) + 1);
    ground.state->epoch = newer;  // As given out to another process.

    const auto operation = ask(Verb::backup);

    // The life after it did the work.
    EXPECT_EQ(operation.status, Operation::Status::succeeded);
    EXPECT_EQ(ground.state->epoch, static_cast<Epoch>(std::to_underlying(newer) + 1));
}

TEST_F(KeeperOrder, ACrashIsSavedAndStartedAgain) {
    auto& cell = ground.cells[uid()];
    cell.next = sim::Cell::Next::crash;
    cell.next_at = ground.now;
    world.run_for(1min);

    EXPECT_EQ(effects(), (Names{"clean", "vault.take", "vault.verify", "launch"}));
    EXPECT_EQ(record().phase, Phase::running);
    EXPECT_EQ(record().crashes.size(), 1u);
}

}  // namespace
}  // namespace gk::app
