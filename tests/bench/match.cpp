// What the engine costs: a pass over very many tickets, one over the newest of a stream, what a ticket takes to come and to go, and its memory.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/assert.hpp"
#include "domain/match/pool/pool.hpp"

namespace {

using namespace gk::match;
using gk::Milliseconds;
using gk::Time;

constexpr Time start{Milliseconds(1'800'000'000'000)};

// SplitMix64.
class Random {
public:
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    // About normal, 1500 +- 300: the sum of twelve uniform numbers.
    double skill() {
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += static_cast<double>(next() % 10'000) / 10'000;
        return 1500 + 300 * sum;
    }

private:
    std::uint64_t state_ = 1;
};

struct Queue {
    std::uint32_t team = 1;
    std::uint32_t teams = 2;
    bool has_skill = true;
};

Stage stage_of(const Queue& queue) {
    RuleSet rules{.name = "bench", .attributes = {}, .algorithm = {}, .teams = {}, .rules = {}};
    rules.attributes.push_back({.name = "skill", .type = AttributeType::number, .fallback = std::nullopt});
    for (std::uint32_t i = 0; i < queue.teams; ++i) rules.teams.push_back({.name = std::to_string(i), .least = queue.team, .most = queue.team});
    if (queue.has_skill) rules.rules.push_back({.name = "near", .body = BatchDistance{.attribute = "skill", .most = 100}});
    return {.from = Milliseconds(0), .rules = rules};
}

Pool pool_of(const Queue& queue) {
    const std::vector<Stage> stages{stage_of(queue)};
    return Pool(*plain_rules(stages), {.seed = 1, .budget = 2'000'000'000});
}

Ticket ticket_of(std::uint64_t number, Random& random) {
    Ticket ticket{.queues = {"ranked"}, .joined_at = start + Milliseconds(number / 1000)};
    ticket.players.push_back({.id = "player-" + std::to_string(number), .attributes = {{"skill", random.skill()}}});
    return ticket;
}

void fill(Pool& pool, std::uint64_t tickets, Random& random) {
    for (std::uint64_t i = 0; i < tickets; ++i) ASSERT(pool.add(ticket_of(i, random)).has_value(), "a ticket of the bench is taken");
}

void full_pass(benchmark::State& state, const Queue& queue) {
    const auto tickets = static_cast<std::uint64_t>(state.range(0));
    std::size_t matches = 0;
    std::size_t bytes = 0;
    for (auto _ : state) {
        state.PauseTiming();
        {
            Random random;
            Pool pool = pool_of(queue);
            fill(pool, tickets, random);
            bytes = pool.bytes();
            state.ResumeTiming();
            const auto proposals = pool.pass(start + std::chrono::hours(1));
            state.PauseTiming();
            matches = proposals.size();
        }
        state.ResumeTiming();
    }
    state.counters["matches"] = static_cast<double>(matches);
    state.counters["ns/ticket"] =
        benchmark::Counter(static_cast<double>(tickets) / 1e9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
    state.counters["bytes/ticket"] = static_cast<double>(bytes) / static_cast<double>(tickets);
}
BENCHMARK_CAPTURE(full_pass, skill_5v5, Queue{.team = 5})->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(full_pass, skill_1v1, Queue{.team = 1})->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(full_pass, size_12, Queue{.team = 12, .teams = 1, .has_skill = false})->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// 20,000 joins a second in passes of 50 ms: what one pass costs, with what it takes to add and to remove its thousand.
void stream(benchmark::State& state) {
    Random random;
    Pool pool = pool_of({.team = 5});
    std::uint64_t number = 0;
    for (auto _ : state) {
        for (int i = 0; i < 1000; ++i) ASSERT(pool.add(ticket_of(number++, random)).has_value(), "a ticket of the bench is taken");
        for (const auto& proposal : pool.pass(start + Milliseconds(number / 20))) {
            for (const auto& placed : proposal.placed) pool.remove(placed.handle);
        }
    }
    state.counters["waiting"] = static_cast<double>(pool.waiting());
}
BENCHMARK(stream)->Unit(benchmark::kMicrosecond);

// A ticket comes and another one goes, while so many wait.
void add_and_remove(benchmark::State& state) {
    Random random;
    Pool pool = pool_of({.team = 5});
    const auto tickets = static_cast<std::uint64_t>(state.range(0));
    std::vector<Handle> slots;
    for (std::uint64_t i = 0; i < tickets; ++i) slots.push_back(*pool.add(ticket_of(i, random)));
    std::uint64_t number = tickets;
    for (auto _ : state) {
        auto& handle = slots[random.next() % slots.size()];
        pool.remove(handle);
        handle = *pool.add(ticket_of(number++, random));
    }
}
BENCHMARK(add_and_remove)->Arg(1'000'000);

}  // namespace

BENCHMARK_MAIN();
