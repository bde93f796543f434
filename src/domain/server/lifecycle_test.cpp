#include "domain/server/lifecycle.hpp"

#include <gtest/gtest.h>

namespace gk::server {
namespace {

std::vector<Phase> phases() {
    std::vector<Phase> all;
    for (std::size_t i = 0; i < phase_names.size(); ++i) all.push_back(static_cast<Phase>(i));
    return all;
}
std::vector<Event> events() {
    std::vector<Event> all;
    for (std::size_t i = 0; i < event_names.size(); ++i) all.push_back(static_cast<Event>(i));
    return all;
}

TEST(Lifecycle, EveryPairOfPhaseAndEventIsAnEdgeOrRefused) {
    std::size_t edges = 0;
    for (const auto phase : phases()) {
        for (const auto event : events()) {
            const auto to = next(phase, event);
            const auto listed = std::ranges::count_if(lifecycle, [&](const Edge& it) { return it.from == phase && it.on == event; });
            EXPECT_EQ(listed, to ? 1 : 0) << name_of(phase) << " on " << name_of(event);
            edges += to ? 1 : 0;
        }
    }

    EXPECT_EQ(edges, lifecycle.size());
}

TEST(Lifecycle, FollowsTheDiagramOfAStartFromNothing) {
    using enum Event;
    auto phase = Phase::stopped;

    for (const auto event : {start_asked, validation_begun, validated, nothing_found, defaults_written, launched, ready, published}) {
        const auto to = next(phase, event);
        ASSERT_TRUE(to) << name_of(phase) << " on " << name_of(event);
        phase = *to;
    }

    EXPECT_EQ(phase, Phase::running);
}

TEST(Lifecycle, EveryPhaseButStoppedAndTheLastOnesCanBeStopped) {
    for (const auto phase : phases()) {
        const bool no_edge = !next(phase, Event::stop_asked);
        const bool on_its_way =
            phase == Phase::stopped || phase == Phase::stopping || phase == Phase::backing_up || phase == Phase::cleanup || phase == Phase::deleting;
        EXPECT_EQ(no_edge, on_its_way) << name_of(phase);
    }
}

TEST(Lifecycle, AServerWhoseGameIsUpStaysRunningForPeople) {
    for (const auto phase : {Phase::running, Phase::pausing, Phase::stopping, Phase::backing_up, Phase::backup_failed}) {
        for (const auto wanted : {Wanted::running, Wanted::paused, Wanted::stopped, Wanted::deleted}) {
            EXPECT_EQ(state_of(phase, wanted, true), State::running) << name_of(phase);
        }
    }
}

TEST(Lifecycle, StatesForPeople) {
    struct Row {
        Phase phase;
        Wanted wanted;
        State state;
    };
    static constexpr Row rows[] = {
        {Phase::requested, Wanted::running, State::starting},   {Phase::restoring_files, Wanted::running, State::starting},
        {Phase::pausing, Wanted::paused, State::pausing},       {Phase::backing_up, Wanted::paused, State::pausing},
        {Phase::backing_up, Wanted::stopped, State::stopping},  {Phase::backing_up, Wanted::running, State::starting},
        {Phase::backup_failed, Wanted::paused, State::pausing}, {Phase::backup_failed, Wanted::stopped, State::stopping},
        {Phase::cleanup, Wanted::deleted, State::deleting},     {Phase::stopping, Wanted::deleted, State::deleting},
        {Phase::stopping, Wanted::running, State::starting},    {Phase::paused, Wanted::paused, State::paused},
        {Phase::stopped, Wanted::stopped, State::stopped},      {Phase::failed, Wanted::running, State::failed},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(state_of(row.phase, row.wanted, false), row.state) << name_of(row.phase) << " wanted " << name_of(row.wanted);
    }
}

}  // namespace
}  // namespace gk::server
