#include "domain/server/request.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace gk::server {
namespace {

constexpr Time now{Milliseconds(1'800'000'000'000)};

Record in(Phase phase, Wanted wanted, bool up = false) {
    Record record;
    record.id = "castle";
    record.phase = phase;
    record.wanted = wanted;
    record.world_complete = true;
    if (up) record.started_at = now;
    return record;
}

Request ask(Verb verb, std::uint8_t number = 1) {
    Request request;
    request.operation = OperationId(UuidBits{number});
    request.verb = verb;
    request.asked_at = now;
    if (verb == Verb::restore) request.snapshot = SnapshotId(UuidBits{9});
    return request;
}

TEST(Request, WhatIsLegalWhere) {
    using enum Verb;
    struct Row {
        Record record;
        std::vector<Verb> accepted;
        std::vector<Verb> holds;
    };
    const Row rows[] = {
        {in(Phase::stopped, Wanted::stopped), {start, remove, restore}, {stop}},
        {in(Phase::paused, Wanted::paused), {start, stop, remove, backup, restore}, {pause}},
        {in(Phase::running, Wanted::running, true), {pause, stop, restart, remove, backup, restore}, {start}},
        {in(Phase::starting, Wanted::running), {pause, stop, remove}, {start}},
        {in(Phase::restoring_files, Wanted::running), {pause, stop, remove}, {start}},
        {in(Phase::pausing, Wanted::paused, true), {stop, remove}, {pause}},
        {in(Phase::stopping, Wanted::stopped, true), {remove}, {stop}},
        {in(Phase::backing_up, Wanted::paused), {stop, remove}, {pause}},
        {in(Phase::backing_up, Wanted::running), {stop, remove}, {start}},
        {in(Phase::backup_failed, Wanted::running, true), {start, pause, stop, remove, backup}, {}},
        {in(Phase::backup_failed, Wanted::paused), {start, stop, remove}, {pause}},
        {in(Phase::failed, Wanted::running), {start, stop, restart, remove, restore}, {}},
        {in(Phase::cleanup, Wanted::stopped), {remove}, {stop}},
        {in(Phase::deleting, Wanted::deleted), {}, {remove}},
    };
    for (const auto& row : rows) {
        for (const auto verb : {start, pause, stop, restart, remove, backup, restore}) {
            const auto has = [verb](const std::vector<Verb>& verbs) { return std::ranges::find(verbs, verb) != verbs.end(); };
            const auto expected = has(row.accepted) ? Judgement::accepted : has(row.holds) ? Judgement::already_holds : Judgement::refused;
            EXPECT_EQ(judge(row.record, ask(verb)), expected) << name_of(verb) << " in " << name_of(row.record.phase);
        }
    }
}

TEST(Request, ARefusalNamesWhatIsAllowed) {
    const auto taken = take_request(in(Phase::stopped, Wanted::stopped), ask(Verb::pause), now);

    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, "illegal_transition");
    EXPECT_EQ(taken.error().allowed, (std::vector{Verb::start, Verb::remove, Verb::restore}));
}

TEST(Request, AVerbThatHoldsChangesNothing) {
    const auto record = in(Phase::paused, Wanted::paused);

    const auto taken = take_request(record, ask(Verb::pause), now);

    ASSERT_TRUE(taken);
    EXPECT_FALSE(taken->changed);
    EXPECT_EQ(taken->record, record);
}

TEST(Request, ANewerRequestReplacesTheOneThatIsWorkedOn) {
    auto record = take_request(in(Phase::stopped, Wanted::stopped), ask(Verb::start, 1), now)->record;

    record = take_request(record, ask(Verb::stop, 2), now)->record;

    EXPECT_EQ(record.phase, Phase::stopping);
    EXPECT_EQ(record.superseded, std::vector{ask(Verb::start, 1).operation});
    EXPECT_EQ(record.request->operation, ask(Verb::stop, 2).operation);
}

TEST(Request, APauseDuringAStartWaitsForTheGame) {
    const auto taken = take_request(in(Phase::deploying, Wanted::running), ask(Verb::pause), now);

    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->record.phase, Phase::deploying);
    EXPECT_EQ(taken->record.wanted, Wanted::paused);
}

TEST(Request, AStartAfterACrashLoopForgetsTheCrashes) {
    auto record = in(Phase::failed, Wanted::running);
    record.given_up = true;
    record.crashes = {now, now};
    record.not_before = now + std::chrono::minutes(5);

    const auto taken = take_request(record, ask(Verb::start), now);

    ASSERT_TRUE(taken && taken->changed);
    EXPECT_FALSE(taken->record.given_up);
    EXPECT_TRUE(taken->record.crashes.empty());
    EXPECT_FALSE(taken->record.not_before);
}

TEST(Request, ForceIsHeardWhileAPauseWaitsForTheVault) {
    auto request = ask(Verb::pause, 2);
    request.force = true;

    const auto taken = take_request(in(Phase::backup_failed, Wanted::paused), request, now);

    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->changed);
    EXPECT_TRUE(taken->record.request->force);
}

TEST(Request, ThereIsNothingToUndoBeforeARestore) {
    EXPECT_EQ(judge(in(Phase::paused, Wanted::paused), ask(Verb::restore_undo)), Judgement::refused);
}

}  // namespace
}  // namespace gk::server
