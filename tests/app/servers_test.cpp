#include <algorithm>
#include <set>

#include "app/servers/rules.hpp"
#include "domain/server/secret_place.hpp"
#include "tests/app/household.hpp"

namespace gk::app {
namespace {

using Kind = Error::Kind;
const Caller stranger{.name = "other", .tenant = "other"};

std::string stored_password(const server::Record& record) {
    const auto place = server::secret_place(record.settings.at("password"));
    return place ? std::string(record.secrets.at(server::secret_key("password", *place)).reveal()) : std::string();
}

class Servers : public testing::Test {
protected:
    apptest::Household house;
};

TEST_F(Servers, ANewServerHasPortsASlotAndAnOperationThatIsStored) {
    const auto made = house.create({.id = "castle", .game = "toy", .start = true});

    ASSERT_TRUE(made.has_value()) << made.error().message;
    const auto record = house.record("castle");
    EXPECT_EQ(record.ports.size(), 1U);
    EXPECT_EQ(record.slot, 0U);
    EXPECT_EQ(record.wanted, server::Wanted::running);
    EXPECT_EQ(house.wait(house.ledger.operation(made->operation.id)).value().tenant, "default");
}

TEST_F(Servers, EveryErrorOfAnOrderIsToldAtOnceAndNothingIsKept) {
    const auto made =
        house.create({.id = "Not A Name", .game = "toy", .settings = {{"max_users", 1000}, {"nonsense", 1}}, .backup_every = Milliseconds(1)});

    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().kind, Kind::invalid);
    std::set<std::string> pointers;
    for (const auto& field : made.error().fields) pointers.insert(field.pointer);
    EXPECT_EQ(pointers, (std::set<std::string>{"/id", "/settings/max_users", "/settings/nonsense", "/backup_every"}));
    EXPECT_TRUE(house.state->servers.empty());
    EXPECT_TRUE(house.wait(house.port_map.list()).value().empty());
}

TEST_F(Servers, OnlyServersOfAClusterHaveAnExposureAndOnlyAnAllowedOne) {
    using enum server::Exposure::Kind;
    CreateOrder order{.id = "castle", .game = "toy", .exposure = server::Exposure{.kind = host_port}};

    const auto on_one_machine = house.create(order);
    const auto not_allowed = check(order, house.games, {node_port, internal});

    ASSERT_FALSE(on_one_machine.has_value());
    EXPECT_EQ(on_one_machine.error().fields.front().pointer, "/exposure");
    EXPECT_NE(on_one_machine.error().fields.front().detail.find("only servers of a cluster"), std::string::npos);
    ASSERT_EQ(not_allowed.size(), 1U);
    EXPECT_EQ(not_allowed.front().pointer, "/exposure/type");
    EXPECT_EQ(
        not_allowed.front().detail,
        "'hostPort' is not allowed in this cluster, only: nodePort, internal; its operator decides that by cluster.exposures in gamekeeper.yaml");
    EXPECT_TRUE(check(order, house.games, {host_port}).empty());
}

TEST_F(Servers, AClusterStartsNoImageThatRunsAsRootUnlessItsOperatorSaysSo) {
    auto rooted = *house.games.game("toy");
    rooted.name = "rooted";
    rooted.sources = {{.from = catalog::ImageSource{.name = "rooted", .user = 0}, .version = {}, .needs = {}}};
    house.games.put(rooted);
    const CreateOrder order{.id = "castle", .game = "rooted"};
    const Exposures in_a_cluster{server::Exposure::Kind::node_port};

    const auto refused = check(order, house.games, in_a_cluster);

    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused.front().pointer, "/game");
    EXPECT_EQ(refused.front().detail, catalog::runs_as_root);
    EXPECT_TRUE(check(order, house.games, in_a_cluster, true).empty());
    EXPECT_TRUE(check(order, house.games, {}).empty()) << "one machine has no images";
}

TEST_F(Servers, TheSameKeyAnswersWithTheSameOperationAndAnotherRequestIsRefused) {
    const Idempotency once{.key = "k", .digest = "one"};
    const auto first = house.create({.id = "castle", .game = "toy"}, once);
    const auto again = house.create({.id = "castle", .game = "toy"}, once);
    const auto other = house.create({.id = "tower", .game = "toy"}, {.key = "k", .digest = "two"});

    ASSERT_TRUE(first && again);
    EXPECT_EQ(first->operation.id, again->operation.id);
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code, "idempotency_mismatch");
    EXPECT_EQ(house.state->servers.size(), 1U);
}

TEST_F(Servers, ANameIsGivenOnce) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    EXPECT_EQ(house.create({.id = "castle", .game = "toy"}).error().code, "exists");
}

TEST_F(Servers, MemoryIsNeverPromisedTwiceButWhatRestsTakesNone) {
    ASSERT_TRUE(house.create({.id = "one", .game = "toy", .start = true}));
    ASSERT_TRUE(house.create({.id = "two", .game = "toy", .start = true}));
    ASSERT_TRUE(house.create({.id = "three", .game = "toy"}));

    EXPECT_EQ(house.create({.id = "four", .game = "toy", .start = true}).error().code, "no_room");
    EXPECT_EQ(house.ask("three", {.verb = server::Verb::start}).error().code, "no_room");
    EXPECT_EQ(house.create({.id = "huge", .game = "toy", .package = "large"}).error().code, "does_not_fit");
}

TEST_F(Servers, AFreedSlotIsGivenAgainAndPortsDiffer) {
    ASSERT_TRUE(house.create({.id = "one", .game = "toy"}));
    ASSERT_TRUE(house.create({.id = "two", .game = "toy"}));
    const auto gone = house.record("one");
    ASSERT_TRUE(house.wait(house.store.remove(gone.uid, gone.version)));
    ASSERT_TRUE(house.create({.id = "three", .game = "toy"}));

    EXPECT_EQ(house.record("three").slot, gone.slot);
    EXPECT_NE(house.record("three").ports[0].open, house.record("two").ports[0].open);
}

TEST_F(Servers, AKeptWorldIsAdoptedOrLeftOnlyWhenTheOrderSaysSo) {
    const auto uid = house.random.id<ServerUid>();
    const KeptWorld kept{.uid = uid,
                         .id = "castle",
                         .space = "default",
                         .record = {},
                         .deleted_at = house.clock.now(),
                         .until = house.clock.now() + std::chrono::days(30)};
    ASSERT_TRUE(house.wait(house.ledger.put(kept, no_keeper)));

    const auto unsaid = house.create({.id = "castle", .game = "toy"});
    ASSERT_FALSE(unsaid.has_value());
    EXPECT_EQ(unsaid.error().code, "world_kept");
    EXPECT_EQ(unsaid.error().allowed, (std::vector<std::string>{"adopt", "fresh"}));

    ASSERT_TRUE(house.create({.id = "castle", .game = "toy", .world = CreateOrder::World::adopt}));
    EXPECT_EQ(house.record("castle").uid, uid);
}

TEST_F(Servers, AKeptWorldIsNotAdoptedByAnotherGame) {
    const KeptWorld kept{.uid = house.random.id<ServerUid>(),
                         .id = "castle",
                         .space = "default",
                         .record = Value::object({{"game", "teeworlds"}}),
                         .deleted_at = house.clock.now(),
                         .until = house.clock.now() + std::chrono::hours(1)};
    ASSERT_TRUE(house.wait(house.ledger.put(kept, no_keeper)));

    EXPECT_EQ(house.create({.id = "castle", .game = "toy", .world = CreateOrder::World::adopt}).error().code, "world_of_another_game");
    EXPECT_TRUE(house.create({.id = "castle", .game = "teeworlds", .world = CreateOrder::World::adopt}).has_value());
}

TEST_F(Servers, AFreshWorldTakesAnotherUidThanTheKeptOne) {
    const auto uid = house.random.id<ServerUid>();
    const KeptWorld kept{.uid = uid, .id = "castle", .space = "default", .record = {}, .deleted_at = house.clock.now(), .until = house.clock.now()};
    ASSERT_TRUE(house.wait(house.ledger.put(kept, no_keeper)));
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy", .world = CreateOrder::World::fresh}));
    EXPECT_NE(house.record("castle").uid, uid);
}

TEST_F(Servers, ForceAndPurgeCountOnlyWithTheServersOwnName) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    const auto refused = house.ask("castle", {.verb = server::Verb::remove, .force = "tower", .purge = "castel"});

    ASSERT_FALSE(refused.has_value());
    ASSERT_EQ(refused.error().fields.size(), 2U);
    EXPECT_EQ(refused.error().fields[0].pointer, "/force");
    EXPECT_EQ(refused.error().fields[1].pointer, "/purge");
    EXPECT_EQ(house.record("castle").wanted, server::Wanted::stopped);
}

TEST_F(Servers, AVerbThatHoldsAlreadyChangesNothingAndAnImpossibleOneNamesThoseThatArePossible) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    const auto version = house.record("castle").version;

    const auto stop = house.ask("castle", {.verb = server::Verb::stop});
    const auto pause = house.ask("castle", {.verb = server::Verb::pause});

    ASSERT_TRUE(stop.has_value());
    EXPECT_FALSE(stop->changed);
    ASSERT_FALSE(pause.has_value());
    EXPECT_EQ(pause.error().kind, Kind::conflict);
    EXPECT_FALSE(pause.error().allowed.empty());
    EXPECT_EQ(house.record("castle").version, version);
}

TEST_F(Servers, SecretSettingsAreKeptButNeverShown) {
    ASSERT_TRUE(house.create({.id = "arena", .game = "teeworlds", .settings = {{"password", "hunter2"}}}));

    const auto view = house.wait(house.servers.show({.name = "test"}, "default", "arena")).value();
    EXPECT_EQ(view.record.settings.at("password"), Value("[secret]"));
    EXPECT_EQ(stored_password(house.record("arena")), "hunter2");
}

TEST_F(Servers, SendingAMaskedSecretBackDoesNotChangeIt) {
    ASSERT_TRUE(house.create({.id = "arena", .game = "teeworlds", .settings = {{"password", "hunter2"}}}));
    const PatchOrder patch{
        .settings = std::map<std::string, Value>{{"password", "[secret]"}, {"motd", "hello"}}, .labels = {}, .schedules = {}, .backup_every = {}};
    const auto patched = house.wait(house.servers.patch({.name = "test"}, "default", "arena", patch));

    ASSERT_TRUE(patched.has_value()) << patched.error().message;
    EXPECT_EQ(patched->record.settings.at("password"), Value("[secret]"));
    EXPECT_EQ(stored_password(house.record("arena")), "hunter2");
    EXPECT_EQ(house.record("arena").settings.at("motd"), Value("hello"));
}

TEST_F(Servers, LabelsAreMergedSoThatTwoWhoChangeDifferentOnesLoseNone) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy", .labels = {{"owner", "anna"}, {"tier", "gold"}}}));
    app::PatchOrder order;
    order.labels = {{"tier", std::nullopt}, {"team", "red"}, {"absent", std::nullopt}};

    ASSERT_TRUE(house.wait(house.servers.patch({.name = "test"}, "default", "castle", order)));

    EXPECT_EQ(house.record("castle").labels, (std::map<std::string, std::string>{{"owner", "anna"}, {"team", "red"}}));
}

TEST_F(Servers, AnotherTenantsKeptWorldDoesNotExist) {
    const KeptWorld kept{.uid = house.random.id<ServerUid>(),
                         .id = "castle",
                         .space = "default",
                         .record = Value::object({{"game", "toy"}, {"tenant", "acme"}}),
                         .deleted_at = house.clock.now(),
                         .until = house.clock.now() + std::chrono::hours(1)};
    ASSERT_TRUE(house.wait(house.ledger.put(kept, no_keeper)));

    ASSERT_TRUE(house.create({.id = "castle", .game = "toy", .world = CreateOrder::World::adopt}));

    EXPECT_NE(house.record("castle").uid, kept.uid);
}

TEST_F(Servers, AnotherTenantsServersAndOperationsDoNotExist) {
    const auto made = house.create({.id = "castle", .game = "toy"});

    EXPECT_EQ(house.wait(house.servers.show(stranger, "default", "castle")).error().kind, Kind::not_found);
    EXPECT_EQ(house.wait(house.servers.operation(stranger, made->operation.id)).error().kind, Kind::not_found);
    EXPECT_TRUE(house.wait(house.servers.list(stranger, "")).value().empty());
    EXPECT_TRUE(house.wait(house.servers.operations(stranger, {}, "")).value().empty());
    EXPECT_EQ(house.wait(house.servers.operations({.name = "test"}, {}, "")).value().size(), 1U);
}

TEST_F(Servers, ACommandIsOneLine) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    house.bring_up("castle");
    for (const std::string line : {"", "a\nb", "a\rb"}) {
        EXPECT_EQ(house.type("castle", line).error().kind, Kind::invalid) << line;
    }
    EXPECT_EQ(house.type("castle", "say hi").value(), "ok");
    EXPECT_EQ(house.runtime.last_command, "say hi");
}

TEST_F(Servers, ACommandNeedsAGameThatRunsAndTheRefusalSaysWhatIsPossible) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));

    const auto refused = house.type("castle", "say hi");

    EXPECT_EQ(refused.error().code, "not_running");
    EXPECT_EQ(std::ranges::count(refused.error().allowed, "start"), 1);
    EXPECT_EQ(house.runtime.last_command, "");
}

TEST_F(Servers, ARepeatedCommandIsTypedOnce) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    house.bring_up("castle");
    const Idempotency once{.key = "k", .digest = "one"};

    EXPECT_TRUE(house.type("castle", "give sword", once));
    house.runtime.last_command.clear();
    EXPECT_EQ(house.type("castle", "give sword", once).error().code, "done_already");
    EXPECT_EQ(house.type("castle", "give axe", {.key = "k", .digest = "two"}).error().code, "idempotency_mismatch");

    EXPECT_EQ(house.runtime.last_command, "");
}

TEST_F(Servers, AnOrderThatIsRefusedDoesNotUseItsKeyUp) {
    const auto refused = house.create({.id = "Castle", .game = "toy"}, {.key = "k", .digest = "one"});
    const auto mended = house.create({.id = "castle", .game = "toy"}, {.key = "k", .digest = "two"});

    EXPECT_EQ(refused.error().kind, Kind::invalid);
    EXPECT_TRUE(mended.has_value());
}

TEST_F(Servers, WhoHasSeenABackupEndMayAskForTheNextAtOnce) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    house.bring_up("castle");
    const auto first = house.ask("castle", {.verb = server::Verb::backup});
    ASSERT_TRUE(first.has_value()) << first.error().message;
    EXPECT_EQ(house.ask("castle", {.verb = server::Verb::backup}).error().code, "busy");

    // The keeper has ended it, and the record does not say so yet.
    auto ended = first->operation;
    ended.status = Operation::Status::succeeded;
    ended.finished_at = house.clock.now();
    ASSERT_TRUE(house.wait(house.ledger.put(ended, no_keeper)));
    const auto second = house.ask("castle", {.verb = server::Verb::backup});

    ASSERT_TRUE(second.has_value()) << second.error().message;
    const auto record = house.record("castle");
    EXPECT_EQ(record.request->operation, second->operation.id);
    EXPECT_EQ(record.progress, server::Progress::none) << "it makes a snapshot of its own";
}

TEST_F(Servers, ARepeatedRequestThatHeldAlreadyIsAnsweredTheSameEvenWhenItNoLongerHolds) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    const Idempotency once{.key = "k", .digest = "one"};

    const auto first = house.ask("castle", {.verb = server::Verb::stop}, once);
    ASSERT_TRUE(first && !first->changed);
    ASSERT_TRUE(house.ask("castle", {.verb = server::Verb::start}));
    const auto again = house.ask("castle", {.verb = server::Verb::stop}, once);

    EXPECT_EQ(again->operation.id, first->operation.id);
    EXPECT_EQ(house.record("castle").wanted, server::Wanted::running);
}

TEST_F(Servers, WhatCouldNotBeReadAndWhatTheRulesFindIsToldTogetherAndNoPlaceTwice) {
    CreateOrder order{.id = "Not A Name", .game = "toy", .settings = {{"max_users", 1000}}, .backup_every = Milliseconds(1)};
    order.unread = {{.pointer = "/settings/max_users", .code = "x", .detail = "", .mark = {}},
                    {.pointer = "/backup_every", .code = "x", .detail = "", .mark = {}}};

    const auto made = house.create(order);

    std::vector<std::string> pointers;
    for (const auto& field : made.error().fields) pointers.push_back(field.pointer);
    EXPECT_EQ(pointers, (std::vector<std::string>{"/settings/max_users", "/backup_every", "/id"}));
}

TEST_F(Servers, ThePlayersThatFitComeFromTheSettingsWhereTheGameDoesNotSay) {
    ASSERT_TRUE(house.create({.id = "arena", .game = "teeworlds", .settings = {{"max_clients", 7}}}));
    const auto look = [this] { return house.wait(house.servers.show({.name = "test"}, "default", "arena")).value().players; };

    EXPECT_EQ(look().max, 7);
    house.bring_up("arena");
    EXPECT_EQ(look().max, 16) << "the running game was started with other settings";
    house.runtime.seen.players.max = 12;
    EXPECT_EQ(look().max, 12);
}

TEST_F(Servers, WhatMatchServersHoldIsNotPromisedToAWorld) {
    MemoryRoom room(house.store, {2048});
    app::Servers servers{{house.store, house.ledger, house.runtime, house.port_map, house.clock, house.random, &room},
                         house.games,
                         {.cpu = {2000}, .cpu_overcommit = 1, .memory = room.all()}};
    const auto create = [&](std::string id) {
        return house.wait(servers.create({.name = "test"}, {.id = std::move(id), .game = "toy", .start = true}, {}));
    };
    std::optional<MemoryRoom::Hold> matches(std::in_place, room, MemoryRoom::Holder::match_server, MebiBytes{1000});
    ASSERT_TRUE(create("one"));
    const auto refused = create("two");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "no_room");
    EXPECT_NE(refused.error().message.find("(1000 of them for matches)"), std::string::npos) << refused.error().message;
    EXPECT_EQ(room.held_by(MemoryRoom::Holder::world).count, 0) << "its record says it now, or it was refused";

    matches.reset();
    EXPECT_TRUE(create("two"));
}

TEST_F(Servers, OnAClusterAnExposureIsAlwaysOneAndAnotherOneMayWaitForTheNextStart) {
    using enum server::Exposure::Kind;
    app::Servers cluster{{house.store, house.ledger, house.runtime, house.port_map, house.clock, house.random},
                         house.games,
                         {.cpu = {2000}, .cpu_overcommit = 1, .memory = {2048}, .exposures = {internal, node_port, host_port}}};
    const auto patch = [&](std::optional<server::Exposure> exposure) {
        PatchOrder order;
        order.exposure.emplace(std::move(exposure));
        return house.wait(cluster.patch({.name = "test"}, "default", "castle", std::move(order))).value().pending;
    };
    ASSERT_TRUE(house.wait(cluster.create({.name = "test"}, {.id = "castle", .game = "toy"}, {})));
    EXPECT_EQ(house.record("castle").exposure->kind, internal) << "the first that is allowed";
    house.bring_up("castle");

    EXPECT_TRUE(patch(server::Exposure{}).empty());
    EXPECT_EQ(house.record("castle").exposure->kind, node_port);
    EXPECT_EQ(patch(server::Exposure{.kind = host_port, .address = {}, .dns_label = {}, .static_address = {}}), std::vector<std::string>{"exposure"});
    EXPECT_TRUE(patch(std::nullopt).empty());
    EXPECT_EQ(house.record("castle").exposure->kind, internal);
}

TEST_F(Servers, AGameAndAPackageSayHowTheirServersAreReachedWithinWhatTheOperatorAllows) {
    using enum server::Exposure::Kind;
    auto toy = *house.games.game("toy");
    toy.exposure = internal;
    toy.packages.push_back({.name = "open", .title = "Open", .resources = {{100}, {256}, {128}}, .exposure = node_port});
    house.games.put(toy);
    app::Servers cluster{{house.store, house.ledger, house.runtime, house.port_map, house.clock, house.random},
                         house.games,
                         {.cpu = {8000}, .cpu_overcommit = 1, .memory = {16384}, .exposures = {host_port, node_port, internal}}};
    const auto kind_of_new = [&](CreateOrder order) {
        const auto id = order.id;
        EXPECT_TRUE(house.wait(cluster.create({.name = "test"}, std::move(order), {})));
        return house.record(id).exposure->kind;
    };

    EXPECT_EQ(kind_of_new({.id = "plain", .game = "toy"}), internal);
    EXPECT_EQ(kind_of_new({.id = "sized", .game = "toy", .package = "open"}), node_port);
    EXPECT_EQ(kind_of_new({.id = "bare", .game = "toy", .resources = server::Resources{{100}, {256}, {128}}}), internal);
    EXPECT_EQ(kind_of_new({.id = "own", .game = "toy", .package = "open", .exposure = server::Exposure{.kind = host_port}}), host_port);

    PatchOrder as_usual;
    as_usual.exposure.emplace(std::nullopt);
    ASSERT_TRUE(house.wait(cluster.patch({.name = "test"}, "default", "own", as_usual)));
    EXPECT_EQ(house.record("own").exposure->kind, node_port) << "that of its package";

    const auto refused = check(CreateOrder{.id = "tower", .game = "toy"}, house.games, {node_port});
    ASSERT_EQ(refused.size(), 1U) << "opening to all what its game keeps inside would be worse than not making it";
    EXPECT_EQ(refused.front().pointer, "/exposure");
    EXPECT_EQ(
        refused.front().detail,
        "'internal' is how servers of game 'toy' are reached that say nothing, and it is not allowed in this cluster, only: nodePort; choose one "
        "of them, or let its operator allow it by cluster.exposures in gamekeeper.yaml");
    ASSERT_EQ(check(as_usual, house.record("plain"), house.games, {node_port}).size(), 1U) << "a change back to it, too";
    EXPECT_TRUE(check(CreateOrder{.id = "tower", .game = "toy"}, house.games, {}).empty()) << "one machine has no exposures";
}

}  // namespace
}  // namespace gk::app
