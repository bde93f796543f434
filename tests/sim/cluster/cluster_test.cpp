#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/cluster/in_a_cluster.hpp"
#include "tests/sim/seeds.hpp"
#include "tests/sim/world.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

std::string replay(std::uint64_t seed, const World& world) {
    return fmt::format("replay with: GK_SIM_SEED={}\nthe last steps:\n{}", seed, world.last_steps());
}

// A tenth of what the simulator of a machine runs: each of these takes as long as many of those.
std::vector<std::uint64_t> some_seeds() {
    auto all = seeds(200);
    if (all.size() >= 10) all.resize(all.size() / 10);
    return all;
}

std::string text_of(const Roads::Writes& writes) {
    std::string out;
    for (const auto& [what, count] : writes.all) out += fmt::format("{} x {}, ", count, what);
    return out + fmt::format("{} of them idle, {} in a minute at most\n", writes.idle, writes.most_in_a_minute);
}

std::string live(std::uint64_t seed) {
    SimCluster* cluster = nullptr;
    World world(seed, Plant::none, in_a_cluster(cluster));
    world.run_for(6min);
    if (!world.breach().empty()) return world.breach() + "\n" + replay(seed, world);
    world.heal();
    const auto unrest = world.settle_down(15min);
    return unrest.empty() ? std::string() : unrest + "\n" + replay(seed, world) + cluster->picture();
}

TEST(ClusterSimulation, KeepsEveryWorldAndComesToRestOnceFaultsStop) { EXPECT_EQ(run_seeds(some_seeds(), live), ""); }

// A day of two worlds, step by step: each step waits until the one before has come true.
struct Step {
    std::string_view what;
    void (*act)(SimCluster& cluster);
    bool (*is_done)(World& world, SimCluster& cluster);
};

const server::Record* record(World& world, std::string_view id) {
    const auto& all = world.ground().state->servers;
    const auto at = std::ranges::find(all, id, [](const auto& it) { return it.second.id; });
    return at == all.end() ? nullptr : &at->second;
}
bool is_in(World& world, std::string_view id, server::Phase phase) {
    const auto* found = record(world, id);
    return found != nullptr && found->phase == phase && !found->request;
}

constexpr auto day = std::to_array<Step>({
    {"castle is declared", [](SimCluster& it) { it.apply("castle", 5, true); },
     [](World& w, SimCluster&) { return is_in(w, "castle", server::Phase::running); }},
    {"tower is declared at rest", [](SimCluster& it) { it.apply("tower", 9, false); },
     [](World& w, SimCluster&) { return is_in(w, "tower", server::Phase::stopped); }},
    {"castle is paused", [](SimCluster& it) { it.scale("castle", 0); },
     [](World& w, SimCluster&) { return is_in(w, "castle", server::Phase::paused); }},
    {"castle has other settings", [](SimCluster& it) { it.declare_slots("castle", 7); },
     [](World& w, SimCluster&) { return record(w, "castle")->settings.at("slots") == Value(7); }},
    {"both start", [](SimCluster& it) { it.scale("castle", 1), it.scale("tower", 1); },
     [](World& w, SimCluster&) { return is_in(w, "castle", server::Phase::running) && is_in(w, "tower", server::Phase::running); }},
    {"tower is deleted", [](SimCluster& it) { it.remove("tower"); },
     [](World& w, SimCluster& it) { return record(w, "tower") == nullptr && !it.api().find("gameservers", {"default", "tower"}); }},
});

struct Outcome {
    std::string failure;
    std::string picture;
    std::string writes;
};

std::string operations(World& world) {
    std::string out;
    for (const auto& [id, stored] : world.ground().state->operations) {
        const auto& it = stored.operation;
        out += fmt::format("operation {}: {} {}\n", name_of(it.verb), name_of(it.status), it.error ? it.error->code + ": " + it.error->detail : "");
    }
    return out;
}

enum class Weather : std::uint8_t { calm, stormy };
Outcome live_the_day(std::uint64_t seed, Weather weather) {
    SimCluster* cluster = nullptr;
    World world(seed, Plant::none, in_a_cluster(cluster));
    world.leave_requests_to_the_test();
    auto& faults = world.ground().faults;
    const auto all = faults;
    // Games behave: what they do is no matter of the cluster.
    faults = {.error_before = all.error_before,
              .reply_lost = all.reply_lost,
              .late = all.late,
              .slow = all.slow,
              .stall = all.stall,
              .keeper_crash = all.keeper_crash,
              .killed = all.killed,
              .second_keeper = all.second_keeper};
    if (weather == Weather::calm) faults = Faults(), cluster->roads().faults = ClusterFaults();
    for (const auto& step : day) {
        // A wish may be refused for good, as a pause is while the vault is away: people ask again.
        for (int asked = 0; asked < 8 && !(asked > 0 && step.is_done(world, *cluster)) && world.breach().empty(); ++asked) {
            step.act(*cluster);
            const auto until = world.ground().now + 5min;
            do world.run_for(5s);
            while (!step.is_done(world, *cluster) && world.ground().now < until && world.breach().empty());
        }
        if (!world.breach().empty() || !step.is_done(world, *cluster))
            return {.failure = fmt::format("{}: {}\n{}{}{}", step.what, world.breach(), replay(seed, world), cluster->picture(), operations(world)),
                    .picture = {}};
    }
    world.heal();
    const auto unrest = world.settle_down(15min);
    if (!unrest.empty()) return {.failure = unrest + "\n" + replay(seed, world) + cluster->picture(), .picture = {}};
    std::string writes;
    for (const auto& [name, of_world] : cluster->roads().writes) writes += name + ": " + text_of(of_world);
    return {.failure = {}, .picture = cluster->picture(), .writes = std::move(writes)};
}

TEST(ClusterSimulation, ADayWithoutFaults) {
    const auto outcome = live_the_day(1, Weather::calm);

    ASSERT_EQ(outcome.failure, "");
    fmt::print("{}{}", outcome.picture, outcome.writes);
}

// What docs/benchmarks/cluster.md counts on a real API server, but for events and what a namespace has once.
TEST(ClusterSimulation, WritesTenTimesForAWorldAtMostUntilItsGameRuns) {
    SimCluster* cluster = nullptr;
    constexpr std::uint64_t shares_writes = 2;
    World world(shares_writes, Plant::none, in_a_cluster(cluster));
    world.leave_requests_to_the_test();
    world.ground().faults = Faults();
    cluster->roads().faults = ClusterFaults();

    cluster->apply("castle", 5, true);
    world.run_for(1min);

    ASSERT_TRUE(is_in(world, "castle", server::Phase::running));
    const auto& writes = cluster->roads().writes.at("castle");
    EXPECT_LE(writes.count(), 10U) << text_of(writes);
    EXPECT_EQ(writes.idle, 0U) << text_of(writes);
}

TEST(ClusterSimulation, ComplainsOfWritesInACircle) {
    SimCluster* cluster = nullptr;
    World world(1, Plant::none, in_a_cluster(cluster));
    net::ClientRequest request;
    request.method = "PUT";
    request.target = "/apis/gamekeeper.dev/v1alpha1/namespaces/default/gameservers/castle/status";
    for (int i = 0; i < 100; ++i) cluster->roads().note_write(request, false);
    ASSERT_EQ(world.breach(), "");

    cluster->roads().note_write(request, false);

    EXPECT_EQ(world.breach(), "I22: castle was written 101 times within a minute");
}

// R9 to R12: whatever goes wrong on the way, the same stands at its end.
TEST(ClusterSimulation, EndsAsADayWithoutFaults) {
    const auto calm = live_the_day(1, Weather::calm).picture;

    const auto failure = run_seeds(some_seeds(), [&](std::uint64_t seed) {
        const auto stormy = live_the_day(seed, Weather::stormy);
        if (!stormy.failure.empty()) return stormy.failure;
        return stormy.picture == calm ? std::string() : fmt::format("seed {} ended otherwise:\n{}instead of\n{}", seed, stormy.picture, calm);
    });

    EXPECT_EQ(failure, "");
}

// Found by seed 32: a create that was interrupted before its record, and a deletion by kubectl.
TEST(ClusterSimulation, AGameServerThatWasNeverFinishedCanBeDeleted) {
    SimCluster* cluster = nullptr;
    World world(1, Plant::none, in_a_cluster(cluster));
    world.leave_requests_to_the_test();
    world.ground().faults = Faults();
    cluster->roads().faults = ClusterFaults();
    cluster->leave_half_made("castle");

    cluster->remove("castle");
    world.run_for(1min);

    EXPECT_EQ(cluster->api().find("gameservers", {"default", "castle"}), nullptr);
}

TEST(ClusterSimulation, IsTheSameForTheSameSeed) {
    for (const std::uint64_t seed : {3U, 17U}) {
        SimCluster* one = nullptr;
        SimCluster* other = nullptr;
        World first(seed, Plant::none, in_a_cluster(one)), second(seed, Plant::none, in_a_cluster(other));
        first.run_for(5min);
        second.run_for(5min);

        EXPECT_EQ(first.hash(), second.hash());
        EXPECT_EQ(first.steps(), second.steps());
    }
}

}  // namespace
}  // namespace gk::sim
