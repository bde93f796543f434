#include "tests/contract/stores.hpp"

namespace gk::contract {
namespace {

using namespace std::chrono_literals;
using Kind = StoreError::Kind;

class LedgerContract : public StoresTest {};
INSTANTIATE_TEST_SUITE_P(Stores, LedgerContract, testing::ValuesIn(all_ledgers()), name_of_case);

// Where ServerStore is in the same place, what goes ahead of its writes is on its way until one comes.
class LedgerBesideServers : public StoresTest {};
INSTANTIATE_TEST_SUITE_P(Stores, LedgerBesideServers, testing::ValuesIn(all_stores()), name_of_case);

Operation operation(std::uint8_t number, std::uint8_t server = 1) {
    Operation made;
    made.id = numbered<OperationId>(number);
    made.server = numbered<ServerUid>(server);
    made.server_id = "alpha";
    return made;
}

server::Record some_record() {
    server::Record record;
    record.uid = numbered<ServerUid>(1);
    record.id = "alpha";
    return record;
}

std::vector<OperationId> ids(const Result<std::vector<Operation>, StoreError>& operations) {
    std::vector<OperationId> all;
    for (const auto& each : *operations) all.push_back(each.id);
    return all;
}

TEST_P(LedgerContract, RaisesTheEpochAtEveryStart) {
    const auto first = wait(ledger().next_epoch());
    restart();
    const auto second = wait(ledger().next_epoch());

    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, Epoch{1});
    EXPECT_EQ(*second, Epoch{2});
}

TEST_P(LedgerContract, KeepsTheLatestStateOfAnOperation) {
    auto restore = operation(1);
    restore.verb = server::Verb::restore;
    ASSERT_TRUE(wait(ledger().put(restore, no_keeper)));
    restore.status = Operation::Status::failed;
    restore.error = Problem{.code = "vault_unavailable", .detail = "no answer"};
    restore.finished_at = Time(5ms);
    ASSERT_TRUE(wait(ledger().put(restore, no_keeper)));

    restart();

    EXPECT_EQ(*wait(ledger().operation(restore.id)), restore);
    EXPECT_EQ(wait(ledger().operation(numbered<OperationId>(9))).error().kind, Kind::not_found);
}

TEST_P(LedgerContract, LetsAnOperationEndOnce) {
    auto ended = operation(1);
    ended.status = Operation::Status::succeeded;
    ended.finished_at = Time(5ms);
    ASSERT_TRUE(wait(ledger().put(ended, no_keeper)));

    ASSERT_TRUE(wait(ledger().put(operation(1), no_keeper)));
    EXPECT_EQ(*wait(ledger().operation(ended.id)), ended) << "somebody put it who had not heard of its end";

    ended.status = Operation::Status::failed;
    ASSERT_TRUE(wait(ledger().put(ended, no_keeper)));
    EXPECT_EQ(*wait(ledger().operation(ended.id)), ended) << "how it ended may be put right";
}

TEST_P(LedgerContract, StoresWhatWasPutAheadWithTheNextWrite) {
    ASSERT_TRUE(wait(ledger().put_ahead(operation(1))));
    ASSERT_TRUE(wait(ledger().put_ahead(operation(2))));
    ASSERT_TRUE(wait(servers().create(some_record())));

    restart();

    EXPECT_EQ(ids(wait(ledger().operations({.server = {}, .after = {}}))), (std::vector{numbered<OperationId>(2), numbered<OperationId>(1)}));
}

TEST_P(LedgerContract, StoresWhatWasPutAheadOfARefusedWrite) {
    ASSERT_TRUE(wait(servers().create(some_record())));
    ASSERT_TRUE(wait(ledger().put_ahead(operation(1))));
    ASSERT_EQ(wait(servers().create(some_record())).error().kind, Kind::conflict);

    restart();

    EXPECT_EQ(*wait(ledger().operation(numbered<OperationId>(1))), operation(1));
}

TEST_P(LedgerContract, PutsNothingAheadOfWhatIsThereAlready) {
    auto known = operation(1);
    known.status = Operation::Status::running;
    ASSERT_TRUE(wait(ledger().put(known, no_keeper)));

    ASSERT_TRUE(wait(ledger().put_ahead(operation(1))));
    ASSERT_TRUE(wait(servers().create(some_record())));

    EXPECT_EQ(*wait(ledger().operation(known.id)), known);
}

TEST_P(LedgerBesideServers, LosesWhatWasPutAheadOfNothing) {
    ASSERT_TRUE(wait(ledger().put_ahead(operation(1))));

    restart();
    ASSERT_TRUE(wait(servers().create(some_record())));

    EXPECT_EQ(wait(ledger().operation(numbered<OperationId>(1))).error().kind, Kind::not_found);
}

TEST_P(LedgerContract, OrdersWhatWasPutAheadBeforeWhatFollows) {
    auto later = operation(1);
    later.status = Operation::Status::failed;
    ASSERT_TRUE(wait(ledger().put_ahead(operation(1))));
    EXPECT_EQ(*wait(ledger().operation(operation(1).id)), operation(1)) << "a question is answered with it";
    ASSERT_TRUE(wait(ledger().put_ahead(operation(1))));
    ASSERT_TRUE(wait(ledger().put(later, no_keeper)));

    EXPECT_EQ(*wait(ledger().operation(later.id)), later);
}

TEST_P(LedgerContract, ListsOperationsNewestFirstInPages) {
    for (std::uint8_t number = 1; number <= 5; ++number) ASSERT_TRUE(wait(ledger().put(operation(number, number % 2 == 1 ? 1 : 0), no_keeper)));
    ASSERT_TRUE(wait(ledger().put(operation(1, 1), no_keeper)));  // A change does not make it newer.
    const auto id = [](std::uint8_t number) { return numbered<OperationId>(number); };

    EXPECT_EQ(ids(wait(ledger().operations({.server = {}, .limit = 2, .after = {}}))), (std::vector{id(5), id(4)}));
    EXPECT_EQ(ids(wait(ledger().operations({.server = {}, .limit = 10, .after = id(4)}))), (std::vector{id(3), id(2), id(1)}));
    EXPECT_EQ(ids(wait(ledger().operations({.server = numbered<ServerUid>(1), .after = {}}))), (std::vector{id(5), id(3), id(1)}));
    EXPECT_EQ(wait(ledger().operations({.server = {}, .after = id(77)})).error().kind, Kind::not_found);
}

TEST_P(LedgerContract, FindsWhatIsUnfinished) {
    auto done = operation(1);
    done.finished_at = Time(1ms);
    ASSERT_TRUE(wait(ledger().put(done, no_keeper)));
    ASSERT_TRUE(wait(ledger().put(operation(2, 1), no_keeper)));
    ASSERT_TRUE(wait(ledger().put(operation(3, 2), no_keeper)));

    EXPECT_EQ(ids(wait(ledger().operations({.server = {}, .unfinished_only = true, .after = {}}))).size(), 2u);
    EXPECT_EQ(ids(wait(ledger().operations({.server = numbered<ServerUid>(1), .unfinished_only = true, .after = {}}))),
              (std::vector{numbered<OperationId>(2)}));
}

TEST_P(LedgerContract, GivesTheFirstAnswerToARepeatedKey) {
    const IdempotentReply first{.request_digest = "aaa", .operation = numbered<OperationId>(1)};
    const IdempotentReply other{.request_digest = "bbb", .operation = numbered<OperationId>(2)};
    const auto now = clock_.now();

    EXPECT_EQ(wait(ledger().remember("key:1", "k", first, now)).value(), std::nullopt);
    restart();
    const auto repeated = wait(ledger().remember("key:1", "k", other, now + 1h));

    // That the bodies differ is for the caller to see.
    ASSERT_TRUE(repeated && *repeated);
    EXPECT_EQ((*repeated)->request_digest, "aaa");
    EXPECT_EQ((*repeated)->operation, first.operation);
    EXPECT_EQ(wait(ledger().remember("key:2", "k", other, now)).value(), std::nullopt);
}

TEST_P(LedgerContract, TakesAnyBytesAsAKey) {
    const IdempotentReply first{.request_digest = "aaa", .operation = numbered<OperationId>(1)};
    const IdempotentReply other{.request_digest = "bbb", .operation = numbered<OperationId>(2)};
    const std::string latin = "caf\xe9", greek = "caf\xe8";

    EXPECT_EQ(wait(ledger().remember("s", latin, first, clock_.now())).value(), std::nullopt);
    EXPECT_EQ(wait(ledger().remember("s", greek, other, clock_.now())).value(), std::nullopt);
    EXPECT_EQ(wait(ledger().remember("s", latin, other, clock_.now())).value()->request_digest, "aaa");
}

TEST_P(LedgerContract, ForgetsAKeyAfterADay) {
    const IdempotentReply first{.request_digest = "aaa", .operation = numbered<OperationId>(1)};
    const auto now = clock_.now();
    ASSERT_TRUE(wait(ledger().remember("s", "k", first, now)));

    EXPECT_NE(wait(ledger().remember("s", "k", first, now + 24h - 1ms)).value(), std::nullopt);
    EXPECT_EQ(wait(ledger().remember("s", "k", first, now + 24h)).value(), std::nullopt);
}

Event event(std::string type) {
    Event made;
    made.type = std::move(type);
    made.server_id = "alpha";
    made.server = numbered<ServerUid>(1);
    made.data = Value::object({{"n", 1}});
    return made;
}

TEST_P(LedgerContract, NumbersEventsWithoutGaps) {
    for (std::uint64_t number = 1; number <= 5; ++number) EXPECT_EQ(*wait(ledger().append(event("e"))), number);
    restart();
    EXPECT_EQ(*wait(ledger().append(event("last"))), 6u);

    const auto some = wait(ledger().events_after(2, 2));
    const auto rest = wait(ledger().events_after(4, 100));

    ASSERT_EQ(some->size(), 2u);
    EXPECT_EQ((*some)[0].number, 3u);
    EXPECT_EQ((*some)[1].number, 4u);
    ASSERT_EQ(rest->size(), 2u);
    EXPECT_EQ((*rest)[1].type, "last");
    EXPECT_EQ((*rest)[1].server, numbered<ServerUid>(1));
    EXPECT_EQ((*rest)[1].data, Value::object({{"n", 1}}));
    EXPECT_TRUE(wait(ledger().events_after(6, 100))->empty());
}

TEST_P(LedgerContract, DropsOldEventsButNeverTheirNumbers) {
    for (int i = 0; i < 25; ++i) ASSERT_TRUE(wait(ledger().append(event("e"))));

    const auto kept = wait(ledger().events_after(0, 100));

    ASSERT_EQ(kept->size(), 10u);
    EXPECT_EQ(kept->front().number, 16u);
    EXPECT_EQ(kept->back().number, 25u);
}

TEST_P(LedgerContract, WakesWatchersOfEvents) {
    int woken = 0;
    auto handle = ledger().watch_events([&] { ++woken; });

    ASSERT_TRUE(wait(ledger().append(event("e"))));
    settle();
    EXPECT_EQ(woken, 1);

    handle.reset();
    ASSERT_TRUE(wait(ledger().append(event("e"))));
    settle();
    EXPECT_EQ(woken, 1);
}

vault::Snapshot snapshot(std::uint8_t number, std::uint8_t server = 1) {
    vault::Snapshot made;
    made.id = numbered<SnapshotId>(number);
    made.server = numbered<ServerUid>(server);
    return made;
}

TEST_P(LedgerContract, NumbersSnapshotsPerServerAndNeverTwice) {
    EXPECT_EQ(wait(ledger().put(snapshot(1), no_keeper))->sequence, 1);
    EXPECT_EQ(wait(ledger().put(snapshot(2), no_keeper))->sequence, 2);
    EXPECT_EQ(wait(ledger().put(snapshot(3, 2), no_keeper))->sequence, 1);
    ASSERT_TRUE(wait(ledger().remove(numbered<ServerUid>(1), numbered<SnapshotId>(2), no_keeper)));
    restart();

    EXPECT_EQ(wait(ledger().put(snapshot(4), no_keeper))->sequence, 3);
}

TEST_P(LedgerContract, KeepsTheLatestStateOfASnapshot) {
    auto first = *wait(ledger().put(snapshot(1), no_keeper));
    ASSERT_TRUE(wait(ledger().put(snapshot(2), no_keeper)));
    first.status = vault::SnapshotStatus::complete;
    first.engine_id = "abc";

    EXPECT_EQ(*wait(ledger().put(first, no_keeper)), first);

    const auto all = wait(ledger().snapshots(first.server));
    ASSERT_EQ(all->size(), 2u);
    EXPECT_EQ(all->front().id, numbered<SnapshotId>(2));
    EXPECT_EQ(all->back(), first);
    EXPECT_TRUE(wait(ledger().snapshots(numbered<ServerUid>(9)))->empty());
}

TEST_P(LedgerContract, RemovesASnapshotOfThatServerOnly) {
    ASSERT_TRUE(wait(ledger().put(snapshot(1), no_keeper)));

    ASSERT_TRUE(wait(ledger().remove(numbered<ServerUid>(2), numbered<SnapshotId>(1), no_keeper)));
    EXPECT_EQ(wait(ledger().snapshots(numbered<ServerUid>(1)))->size(), 1u);
    ASSERT_TRUE(wait(ledger().remove(numbered<ServerUid>(1), numbered<SnapshotId>(1), no_keeper)));
    EXPECT_TRUE(wait(ledger().snapshots(numbered<ServerUid>(1)))->empty());
}

TEST_P(LedgerContract, KeepsKeysInOrderOfCreation) {
    ApiKey first;
    first.id = numbered<KeyId>(2);
    first.name = "first";
    first.digest = "d1";
    first.created_at = Time(1ms);
    ApiKey second;
    second.id = numbered<KeyId>(1);
    second.name = "second";
    second.scope = Scope::player;
    second.created_at = Time(2ms);
    ASSERT_TRUE(wait(ledger().put(second)));
    ASSERT_TRUE(wait(ledger().put(first)));
    first.revoked_at = Time(9ms);
    ASSERT_TRUE(wait(ledger().put(first)));
    restart();

    const auto keys = wait(ledger().keys());

    ASSERT_EQ(keys->size(), 2u);
    EXPECT_EQ((*keys)[0].name, "first");
    EXPECT_EQ((*keys)[0].revoked_at, Time(9ms));
    EXPECT_EQ((*keys)[0].digest, "d1");
    EXPECT_EQ((*keys)[1].scope, Scope::player);
}

TEST_P(LedgerContract, KeepsWorldsOfDeletedServers) {
    KeptWorld world;
    world.uid = numbered<ServerUid>(1);
    world.id = "alpha";
    world.space = "default";
    world.record = Value::object({{"game", "minetest"}});
    world.until = Time(30s);
    ASSERT_TRUE(wait(ledger().put(world, no_keeper)));
    restart();

    const auto kept = wait(ledger().kept_worlds());
    ASSERT_EQ(kept->size(), 1u);
    EXPECT_EQ(kept->front().record, world.record);
    EXPECT_EQ(kept->front().until, world.until);

    ASSERT_TRUE(wait(ledger().remove_kept(world.uid, no_keeper)));
    EXPECT_TRUE(wait(ledger().kept_worlds())->empty());
    EXPECT_TRUE(wait(ledger().remove_kept(world.uid, no_keeper)));
}

TEST_P(LedgerContract, KeepsFacts) {
    EXPECT_EQ(wait(ledger().fact("vault.sampled")).value(), std::nullopt);
    ASSERT_TRUE(wait(ledger().set_fact("vault.sampled", "", no_keeper)));
    EXPECT_EQ(wait(ledger().fact("vault.sampled")).value(), "");
    ASSERT_TRUE(wait(ledger().set_fact("vault.sampled", "2026-11-21", no_keeper)));
    restart();

    EXPECT_EQ(wait(ledger().fact("vault.sampled")).value(), "2026-11-21");
}

TEST_P(LedgerContract, WritesNothingForAKeeperThatWasSuperseded) {
    const auto old = *wait(ledger().next_epoch());
    const auto proven = *wait(ledger().put(snapshot(1), old));
    KeptWorld world;
    world.uid = numbered<ServerUid>(1);
    ASSERT_TRUE(wait(ledger().put(operation(1), old)));
    ASSERT_TRUE(wait(ledger().put(world, old)));
    ASSERT_TRUE(wait(ledger().set_fact("vault.sampled", "before", old)));
    ASSERT_TRUE(wait(ledger().next_epoch()));

    auto ended = operation(1);
    ended.status = Operation::Status::failed;
    auto later = world;
    later.until = Time(1h);
    EXPECT_EQ(wait(ledger().put(ended, old)).error().kind, Kind::fenced);
    EXPECT_EQ(wait(ledger().put(snapshot(2), old)).error().kind, Kind::fenced);
    EXPECT_EQ(wait(ledger().remove(proven.server, proven.id, old)).error().kind, Kind::fenced);
    EXPECT_EQ(wait(ledger().put(later, old)).error().kind, Kind::fenced);
    EXPECT_EQ(wait(ledger().remove_kept(world.uid, old)).error().kind, Kind::fenced);
    EXPECT_EQ(wait(ledger().set_fact("vault.sampled", "after", old)).error().kind, Kind::fenced);

    restart();
    EXPECT_EQ(*wait(ledger().operation(operation(1).id)), operation(1));
    EXPECT_EQ(*wait(ledger().snapshots(proven.server)), std::vector{proven});
    ASSERT_EQ(wait(ledger().kept_worlds())->size(), 1u);
    EXPECT_EQ(wait(ledger().kept_worlds())->front().until, world.until);
    EXPECT_EQ(wait(ledger().fact("vault.sampled")).value(), "before");
}

TEST_P(LedgerContract, WritesForTheNewestKeeperAndForWhoIsNone) {
    ASSERT_TRUE(wait(ledger().next_epoch()));
    const auto newest = *wait(ledger().next_epoch());
    restart();

    EXPECT_TRUE(wait(ledger().put(operation(1), newest)));
    EXPECT_TRUE(wait(ledger().put(operation(2), no_keeper)));
    EXPECT_TRUE(wait(ledger().put(snapshot(1), newest)));
    EXPECT_TRUE(wait(ledger().remove(numbered<ServerUid>(1), numbered<SnapshotId>(1), newest)));
    EXPECT_TRUE(wait(ledger().set_fact("vault.sampled", "now", newest)));
}

}  // namespace
}  // namespace gk::contract
