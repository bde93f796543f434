#include "domain/vault/retention.hpp"

#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

namespace gk::vault {
namespace {

using namespace std::chrono_literals;

const Time noon = *parse_rfc3339("2026-11-21T12:00:00.000Z");

SnapshotId id_of(std::int64_t n) {
    UuidBits bits{};
    for (std::size_t i = 0; i < 8; ++i) bits[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
    return SnapshotId(bits);
}

Snapshot complete(std::int64_t sequence, Time at, Consistency consistency = Consistency::quiesced, Trigger trigger = Trigger::schedule) {
    Snapshot snapshot;
    snapshot.id = id_of(sequence);
    snapshot.status = SnapshotStatus::complete;
    snapshot.consistency = consistency;
    snapshot.trigger = trigger;
    snapshot.created_at = at;
    snapshot.sequence = sequence;
    return snapshot;
}

bool holds(const std::vector<SnapshotId>& ids, SnapshotId id) { return std::ranges::find(ids, id) != ids.end(); }

std::set<std::int64_t> kept(const std::vector<Snapshot>& all, const RetentionRule& rule, Time now, const std::set<SnapshotId>& in_use = {}) {
    const auto expired = choose_expired(all, rule, in_use, now);
    std::set<std::int64_t> result;
    for (const auto& snapshot : all) {
        if (!holds(expired.snapshots, snapshot.id) && !holds(expired.leftovers, snapshot.id)) {
            result.insert(snapshot.sequence);
        }
    }
    return result;
}

TEST(Retention, KeepsTheLastOnesAndOneOfEachDayAndWeek) {
    // Given one snapshot in each hour of 60 days.
    std::vector<Snapshot> all;
    for (int hour = 0; hour < 60 * 24; ++hour) all.push_back(complete(hour + 1, noon - std::chrono::hours(60 * 24 - 1 - hour)));

    const auto left = kept(all, RetentionRule{}, noon);

    // Then there are the last five, six more days, and three more weeks (the newest week is that of the newest day), and no others.
    EXPECT_GE(left.size(), 5u + 6u + 2u);
    EXPECT_LE(left.size(), 5u + 6u + 3u);
    for (int n = 0; n < 5; ++n) EXPECT_TRUE(left.contains(60 * 24 - n)) << n;
}

TEST(Retention, NeverTakesTheLastGoodOnes) {
    const RetentionRule nothing{.last = 0, .daily = 0, .weekly = 0, .age_min = 0ms};
    const std::vector<Snapshot> all{
        complete(1, noon - 90h, Consistency::at_rest),
        complete(2, noon - 80h, Consistency::at_rest),
        complete(3, noon - 70h, Consistency::quiesced, Trigger::before_restore),
        complete(4, noon - 60h, Consistency::live),
        complete(5, noon - 50h, Consistency::live),
    };

    EXPECT_EQ(kept(all, nothing, noon), (std::set<std::int64_t>{2, 3, 5}));
    EXPECT_EQ(kept(all, nothing, noon, {id_of(1)}), (std::set<std::int64_t>{1, 2, 3, 5}));
}

TEST(Retention, TheNewestIsTheHighestSequenceWhateverTheClockSaid) {
    const RetentionRule one{.last = 1, .daily = 0, .weekly = 0, .age_min = 0ms};
    const std::vector<Snapshot> all{complete(1, noon + 10000h), complete(2, noon - 5h), complete(3, noon - 10000h)};
    EXPECT_EQ(kept(all, one, noon), (std::set<std::int64_t>{3}));
}

TEST(Retention, YoungOnesStayAlsoAfterTheClockWasSlow) {
    // The second one was made when the clock had fallen back to the epoch; it is younger than the first, which is too young to go.
    const RetentionRule young{.last = 0, .daily = 0, .weekly = 0, .age_min = 1h};
    const std::vector<Snapshot> all{complete(1, noon - 30min), complete(2, Time{}), complete(3, noon - 10min)};
    EXPECT_EQ(kept(all, young, noon), (std::set<std::int64_t>{1, 2, 3}));
}

TEST(Retention, LeftoversGoOnTheirOwnAndHelpNobodyElse) {
    auto failed = complete(9, noon - 25h);
    failed.status = SnapshotStatus::failed;
    auto uploading = complete(10, noon - 1h);
    uploading.status = SnapshotStatus::uploading;
    const std::vector<Snapshot> all{complete(1, noon - 90h, Consistency::at_rest), failed, uploading};

    const auto expired = choose_expired(all, RetentionRule{.last = 0, .daily = 0, .weekly = 0}, {}, noon);

    EXPECT_TRUE(expired.snapshots.empty()) << "a failed one is newer, but the complete one is still the last good one";
    EXPECT_EQ(expired.leftovers, std::vector{id_of(9)});
}

// Random histories: the clock jumps both ways, snapshots fail, operations use some.
struct History {
    std::vector<Snapshot> all;
    std::set<SnapshotId> in_use;
    RetentionRule rule;
    Time now = noon;
};

History random_history(std::mt19937_64& random) {
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); };
    History history;
    history.rule = {.last = below(6), .daily = below(8), .weekly = below(5), .age_min = std::chrono::hours(below(48)), .leftover_age = 24h};
    for (int i = 0, count = below(80); i < count; ++i) {
        history.now += std::chrono::minutes(below(3000));
        if (below(15) == 0) history.now += std::chrono::hours(below(40000) - 20000);
        auto snapshot = complete(i + 1, history.now, static_cast<Consistency>(below(3)), static_cast<Trigger>(below(6)));
        snapshot.status = below(6) == 0 ? static_cast<SnapshotStatus>(below(3)) : SnapshotStatus::complete;
        if (below(10) == 0) history.in_use.insert(snapshot.id);
        history.all.push_back(snapshot);
    }
    std::ranges::shuffle(history.all, random);
    return history;
}

const Snapshot* newest(const std::vector<Snapshot>& all, auto matches) {
    const Snapshot* best = nullptr;
    for (const auto& snapshot : all) {
        if (snapshot.status == SnapshotStatus::complete && matches(snapshot) && (best == nullptr || snapshot.sequence > best->sequence))
            best = &snapshot;
    }
    return best;
}

TEST(Retention, HoldsItsPromisesForAnyHistory) {
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        std::mt19937_64 random(seed);
        auto [all, in_use, rule, now] = random_history(random);

        const auto expired = choose_expired(all, rule, in_use, now);
        const auto goes = [&](const Snapshot& s) { return holds(expired.snapshots, s.id) || holds(expired.leftovers, s.id); };

        const auto* good = newest(all, [](const Snapshot&) { return true; });
        const auto* at_rest = newest(all, [](const Snapshot& s) { return s.consistency == Consistency::at_rest; });
        if (good != nullptr) ASSERT_FALSE(goes(*good));
        if (at_rest != nullptr) ASSERT_FALSE(goes(*at_rest));
        for (const auto& snapshot : all) {
            if (in_use.contains(snapshot.id)) ASSERT_FALSE(goes(snapshot));
        }

        // What is kept is bounded, unless it is too young or used; and a second look finds nothing more.
        std::erase_if(all, goes);
        ASSERT_EQ(choose_expired(all, rule, in_use, now), Expired{});
    }
}

}  // namespace
}  // namespace gk::vault
