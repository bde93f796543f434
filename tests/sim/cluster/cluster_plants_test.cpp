#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/cluster/in_a_cluster.hpp"
#include "tests/sim/seeds.hpp"
#include "tests/sim/world.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

// What happens in a run besides what clients do by chance, which they do not do here: the shortest story in which a defect shows.
struct Scenario {
    void (*begin)(World& world, SimCluster& cluster);
    void (*turn)(World& world, SimCluster& cluster, int turn);
    int turns;
    Milliseconds pause;         // After each turn.
    Milliseconds rest = 15min;  // Within which all must be as it should be.
};

// A client of the API.
Task<void> patch(World& world, int slots) {
    auto& life = world.life();
    auto& ground = world.ground();
    co_await life.takes_over();
    app::Caller caller{.name = "somebody"};
    app::PatchOrder order;
    order.settings = std::map<std::string, Value>{{"slots", Value(slots)}};
    const auto asked = ground.settings_asked.insert(text_of(*order.settings));
    const auto answer = co_await life.servers().patch(std::move(caller), "default", "castle", std::move(order));
    if (!answer) co_return;
    ground.settings_asked.erase(asked);
    ground.promise_settings(answer->record);
}

Task<void> ask(World& world, server::Verb verb) {
    auto& life = world.life();
    co_await life.takes_over();
    app::Caller caller{.name = "somebody"};
    app::VerbOrder order{.verb = verb, .force = {}, .purge = {}, .snapshot = {}};
    for (const auto& [uid, record] : world.ground().state->servers) {
        const auto all = world.ground().snapshots(uid);
        const auto newest = std::ranges::find(all, vault::SnapshotStatus::complete, &vault::Snapshot::status);
        if (verb == server::Verb::restore && newest != all.end()) order.snapshot = newest->id;
    }
    app::Idempotency once;
    std::ignore = co_await life.servers().ask(std::move(caller), "default", "castle", std::move(order), std::move(once));
}

void castle(World&, SimCluster& cluster) {
    cluster.set_replicas(1);
    cluster.apply("castle", 5, true);
}
void scale_now_and_then(SimCluster& cluster, int turn, int every) {
    if (turn % every == every - 1) cluster.scale("castle", turn / every % 2);
}

// What is asked for several times a second is written as often.
void castle_that_is_asked_for_much(World& world, SimCluster& cluster) {
    castle(world, cluster);
    cluster.roads().writes_a_minute_max = 1'000;
}

const Scenario settings_while_it_starts{.begin = castle_that_is_asked_for_much,
                                        .turn =
                                            [](World& world, SimCluster& cluster, int turn) {
                                                if (turn > 60) world.life().spawn(patch(world, turn % 100));
                                                scale_now_and_then(cluster, turn, 30);
                                            },
                                        .turns = 250,
                                        .pause = 300ms};
const Scenario settings_while_calls_fail{.begin =
                                             [](World& world, SimCluster& cluster) {
                                                 castle_that_is_asked_for_much(world, cluster);
                                                 world.ground().faults.error_before = 0.2;
                                             },
                                         .turn = [](World& world, SimCluster&, int turn) { world.life().spawn(patch(world, turn % 100)); },
                                         .turns = 100,
                                         .pause = 1s};
// Who reads the lease may take seconds to write it.
const Scenario many_elections{.begin =
                                  [](World& world, SimCluster& cluster) {
                                      cluster.set_replicas(2);
                                      world.ground().faults.slow = 0.3;
                                      world.ground().faults.killed = 1;
                                  },
                              .turn = [](World&, SimCluster&, int) {},
                              .turns = 20,
                              .pause = 1min};
const Scenario one_world_goes{.begin =
                                  [](World&, SimCluster& cluster) {
                                      cluster.set_replicas(1);
                                      cluster.apply("castle", 5, false);
                                      cluster.apply("tower", 5, false);
                                      cluster.roads().faults.watch_cut = cluster.roads().faults.compaction = 1;
                                  },
                              .turn =
                                  [](World&, SimCluster& cluster, int turn) {
                                      if (turn == 2) cluster.remove("tower");
                                  },
                              .turns = 6,
                              .pause = 30s,
                              .rest = 4min};  // Within the grace of ports that nobody knows.
// A pod comes up while nobody answers: all that happened to it is told afterwards, at once. Before a watch ends by itself, which would mend it.
const Scenario much_news_in_disorder{.begin =
                                         [](World&, SimCluster& cluster) {
                                             cluster.set_replicas(1);
                                             cluster.apply("castle", 5, false);
                                             cluster.roads().faults.told_in_disorder = 1;
                                         },
                                     .turn =
                                         [](World&, SimCluster& cluster, int turn) {
                                             const bool is_wanted = !cluster.api().table("statefulsets").objects.empty();
                                             if (turn == 60) cluster.scale("castle", 1);
                                             if (is_wanted && cluster.api().table("pods").objects.empty()) cluster.roads().be_away(20s);
                                         },
                                     .turns = 1000,
                                     .pause = 100ms,
                                     .rest = 4min};
const Scenario orders_that_outlive_their_sender{.begin =
                                                    [](World& world, SimCluster& cluster) {
                                                        cluster.set_replicas(2);
                                                        cluster.apply("castle", 5, true);
                                                        world.ground().faults.late = 0.5;
                                                        world.ground().faults.killed = 1;
                                                    },
                                                .turn = [](World&, SimCluster& cluster, int turn) { scale_now_and_then(cluster, turn, 1); },
                                                .turns = 30,
                                                .pause = 20s};
const Scenario a_number_that_is_taken{.begin =
                                          [](World& world, SimCluster& cluster) {
                                              cluster.use_port(30000);
                                              castle(world, cluster);
                                          },
                                      .turn = [](World&, SimCluster&, int) {},
                                      .turns = 1,
                                      .pause = 1min};
const Scenario a_world_is_deleted{.begin = castle,
                                  .turn =
                                      [](World&, SimCluster& cluster, int turn) {
                                          if (turn == 1) cluster.remove("castle");
                                      },
                                  .turns = 3,
                                  .pause = 1min};
// The next restore begins as soon as the one before has ended: what that has made of the world's claims need not have been told by then.
const Scenario restores_with_late_news{.begin =
                                           [](World& world, SimCluster& cluster) {
                                               castle(world, cluster);
                                               cluster.roads().faults.watch_late = 1;
                                           },
                                       .turn =
                                           [](World& world, SimCluster&, int turn) {
                                               if (turn == 60) world.life().spawn(ask(world, server::Verb::backup));
                                               if (turn == 120) world.life().spawn(ask(world, server::Verb::stop));
                                               const auto& servers = world.ground().state->servers;
                                               const bool is_free = !servers.empty() && !servers.begin()->second.request;
                                               if (turn > 200 && is_free) world.life().spawn(ask(world, server::Verb::restore));
                                           },
                                       .turns = 500,
                                       .pause = 500ms};
// Claims of one name come and go, and calls arrive when nobody expects them any more.
const Scenario calls_that_arrive_late{.begin =
                                          [](World& world, SimCluster& cluster) {
                                              castle(world, cluster);
                                              cluster.roads().faults.late_call = 0.3;
                                          },
                                      .turn =
                                          [](World& world, SimCluster&, int turn) {
                                              if (turn > 0) world.life().spawn(ask(world, turn % 2 == 1 ? server::Verb::stop : server::Verb::start));
                                          },
                                      .turns = 30,
                                      .pause = 40s};
const Scenario many_worlds_at_once{.begin =
                                       [](World&, SimCluster& cluster) {
                                           cluster.set_replicas(1);
                                           for (int i = 0; i < 6; ++i) cluster.apply(fmt::format("world-{}", i), i, false);
                                       },
                                   .turn = [](World&, SimCluster&, int) {},
                                   .turns = 2,
                                   .pause = 1min};
// Each minute they stand still, just when there are more calls to make than their budget lets through.
const Scenario keepers_that_stand_still{.begin =
                                            [](World& world, SimCluster& cluster) {
                                                many_worlds_at_once.begin(world, cluster);
                                                cluster.set_replicas(2);
                                                cluster.roads().faults.paused = 1;
                                            },
                                        .turn =
                                            [](World&, SimCluster& cluster, int turn) {
                                                if (turn % 60 != 57) return;
                                                for (int i = 0; i < 6; ++i) cluster.scale(fmt::format("world-{}", i), 1 - turn / 60 % 2);
                                            },
                                        .turns = 600,
                                        .pause = 1s};
const Scenario keepers_that_begin_anew{.begin =
                                           [](World& world, SimCluster& cluster) {
                                               many_worlds_at_once.begin(world, cluster);
                                               world.ground().faults.killed = 0.5;
                                           },
                                       .turn = [](World&, SimCluster&, int) {},
                                       .turns = 4,
                                       .pause = 1min};

const Scenario a_world_that_runs{.begin = castle, .turn = [](World&, SimCluster&, int) {}, .turns = 3, .pause = 1min};

// A defect, and the rules that may complain of it first.
struct Planted {
    ClusterPlant plant;
    std::set<std::string> rules;
    const Scenario& scenario;
};
const std::vector<Planted> planted = {
    {ClusterPlant::versions_not_compared, {"I5", "I9"}, settings_while_it_starts},
    {ClusterPlant::leases_not_compared, {"R13"}, many_elections},
    {ClusterPlant::lost_is_taken_for_done, {"I5"}, settings_while_calls_fail},
    {ClusterPlant::lists_show_ghosts, {"I24", "I10"}, one_world_goes},
    {ClusterPlant::ports_given_twice, {"I8"}, a_number_that_is_taken},
    {ClusterPlant::finalizers_ignored, {"P8", "I8", "I10"}, a_world_is_deleted},
    {ClusterPlant::no_budget, {"I22"}, many_worlds_at_once},
    {ClusterPlant::order_is_lost, {"I24"}, much_news_in_disorder},
    {ClusterPlant::shims_obey_anybody, {"I2"}, orders_that_outlive_their_sender},
    {ClusterPlant::any_object_of_that_name, {"R12"}, calls_that_arrive_late},
    {ClusterPlant::pages_are_lost, {"I8", "I10", "I24"}, keepers_that_begin_anew},
    {ClusterPlant::generations_forgotten, {"I22", "I24"}, a_world_that_runs},
    {ClusterPlant::own_writes_not_awaited, {"R11", "I9", "P7", "P8"}, restores_with_late_news},
    {ClusterPlant::lease_means_nothing, {"R13"}, keepers_that_stand_still},
};

// What the run complains of; empty when nothing is wrong.
std::string complaint(std::uint64_t seed, ClusterPlant plant, const Scenario& scenario) {
    SimCluster* cluster = nullptr;
    World world(seed, Plant::none, in_a_cluster(cluster, plant));
    world.leave_requests_to_the_test();
    world.ground().faults = Faults();
    cluster->roads().faults = ClusterFaults();
    scenario.begin(world, *cluster);
    for (int turn = 0; turn < scenario.turns && world.breach().empty(); ++turn) {
        scenario.turn(world, *cluster, turn);
        world.run_for(scenario.pause);
    }
    if (!world.breach().empty()) return world.breach();
    world.heal();
    return world.settle_down(scenario.rest);
}

class ClusterPlants : public testing::TestWithParam<Planted> {};

TEST_P(ClusterPlants, AreFound) {
    const auto& [plant, rules, scenario] = GetParam();
    constexpr std::uint64_t seeds_max = 30;
    std::set<std::string> others;

    for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
        auto heard = complaint(seed, plant, scenario);
        if (rules.contains(heard.substr(0, heard.find(':')))) return;
        others.insert(std::move(heard));
    }

    FAIL() << "none of its rules complained of '" << name_of(plant) << "' in " << seeds_max
           << " seeds; what was heard: " << testing::PrintToString(others);
}

// What complained was the defect, and not the story.
TEST_P(ClusterPlants, AreAllThatIsWrong) { EXPECT_EQ(complaint(1, ClusterPlant::none, GetParam().scenario), ""); }

std::string name_of_plant(const testing::TestParamInfo<Planted>& info) { return std::string(name_of(info.param.plant)); }

INSTANTIATE_TEST_SUITE_P(Sim, ClusterPlants, testing::ValuesIn(planted), name_of_plant);

TEST(ClusterPlantNames, EachHasItsScenario) { EXPECT_EQ(planted.size() + 1, cluster_plant_names.size()); }

}  // namespace
}  // namespace gk::sim
