#include "domain/vault/retention.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>

namespace gk::vault {
namespace {

// A complete snapshot with the times that we may believe.
struct Dated {
    const Snapshot* snapshot = nullptr;
    std::optional<Time> day_time;  // For the day and week it belongs to; absent when its time lies in the future.
    Time age_time{};               // Not earlier than that of any older snapshot, so that a clock that was slow once makes nothing old.
};

// Newest first.
std::vector<Dated> dated(std::span<const Snapshot> snapshots, Time now) {
    std::vector<Dated> result;
    for (const auto& snapshot : snapshots) {
        if (snapshot.status != SnapshotStatus::complete) continue;
        const bool in_future = snapshot.created_at > now;
        result.push_back({&snapshot, in_future ? std::nullopt : std::optional(snapshot.created_at), in_future ? Time{} : snapshot.created_at});
    }
    std::ranges::sort(result, [](const Dated& a, const Dated& b) {
        return std::tuple(a.snapshot->sequence, a.snapshot->id) > std::tuple(b.snapshot->sequence, b.snapshot->id);
    });
    for (auto i = result.size(); i-- > 1;) result[i - 1].age_time = std::max(result[i - 1].age_time, result[i].age_time);
    return result;
}

// Failed ones and uploads without an owner. One whose time lies in the future goes when a newer snapshot shows that it is over.
std::vector<SnapshotId> leftovers_of(std::span<const Snapshot> snapshots, const RetentionRule& rule, const std::set<SnapshotId>& in_use, Time now) {
    std::int64_t newest = 0;
    for (const auto& snapshot : snapshots) newest = std::max(newest, snapshot.sequence);
    std::vector<SnapshotId> leftovers;
    for (const auto& snapshot : snapshots) {
        if (snapshot.status == SnapshotStatus::complete || in_use.contains(snapshot.id)) continue;
        const bool over = snapshot.created_at > now ? snapshot.sequence < newest : now - snapshot.created_at >= rule.leftover_age;
        if (over) leftovers.push_back(snapshot.id);
    }
    return leftovers;
}

// Remembers which periods already have their snapshot. Fed newest first, it keeps the newest of each period, for `limit` periods.
class Periods {
public:
    Periods(int limit, std::chrono::days length) : limit_(limit), length_(length) {}
    bool wants(Time time) {
        if (limit_ <= 0) return false;
        const auto number = std::chrono::floor<std::chrono::days>(time).time_since_epoch() / length_;
        if (seen_.contains(number) || std::ssize(seen_) >= limit_) return false;
        seen_.insert(number);
        return true;
    }

private:
    int limit_;
    std::chrono::days length_;
    std::set<std::int64_t> seen_;
};

// The first, which is the newest, of a kind is kept whatever the rule says.
class LastGood {
public:
    bool wants(const Snapshot& snapshot) {
        const bool wanted =
            !any_ || (!at_rest_ && snapshot.consistency == Consistency::at_rest) || (!before_restore_ && snapshot.trigger == Trigger::before_restore);
        any_ = true;
        at_rest_ |= snapshot.consistency == Consistency::at_rest;
        before_restore_ |= snapshot.trigger == Trigger::before_restore;
        return wanted;
    }

private:
    bool any_ = false;
    bool at_rest_ = false;
    bool before_restore_ = false;
};

}  // namespace

Expired choose_expired(std::span<const Snapshot> snapshots, const RetentionRule& rule, const std::set<SnapshotId>& in_use, Time now) {
    Expired expired{.snapshots = {}, .leftovers = leftovers_of(snapshots, rule, in_use, now)};
    LastGood last_good;
    Periods days(rule.daily, std::chrono::days(1));
    Periods weeks(rule.weekly, std::chrono::weeks(1));
    int seen = 0;
    for (const auto& [snapshot, day_time, age_time] : dated(snapshots, now)) {
        // Every line is asked, also when an earlier one has said yes: each counts its own.
        bool kept = in_use.contains(snapshot->id) || now - age_time < rule.age_min;
        kept |= last_good.wants(*snapshot);
        kept |= seen++ < rule.last;
        kept |= day_time && days.wants(*day_time);
        kept |= day_time && weeks.wants(*day_time);
        if (!kept) expired.snapshots.push_back(snapshot->id);
    }
    std::ranges::reverse(expired.snapshots);
    return expired;
}

}  // namespace gk::vault
