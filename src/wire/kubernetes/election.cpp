#include "wire/kubernetes/election.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace gk::wire::kubernetes {
namespace {

constexpr double acquire_jitter = 1.2;

Milliseconds scaled(Milliseconds duration, double by) {
    return Milliseconds(static_cast<Milliseconds::rep>(static_cast<double>(duration.count()) * by));
}

}  // namespace

Election::Election(Options options) : options_(std::move(options)) {
    ASSERT(!options_.me.empty(), "whoever is elected has a name");
    ASSERT(options_.me.starts_with(options_.household), "whoever lives here is called so");
    ASSERT(options_.duration > options_.deadline && options_.deadline > scaled(options_.retry, acquire_jitter),
           "a leader must give up before others take over, and have time to try twice");
}

Election::Next Election::next(Time now, double luck) {
    if (is_leader_ && now >= leads_until_) is_lost_ = true;
    if (is_lost_) {
        is_leader_ = false;
        return Lost{};
    }
    if (stage_ == Stage::rest) {
        stage_ = Stage::begin;
        rests_until_ = now + (is_leader_ ? options_.retry : options_.retry + scaled(options_.retry, acquire_jitter * luck));
        if (is_leader_) rests_until_ = std::min(rests_until_, leads_until_);
    }
    if (now < rests_until_) return Wait{rests_until_};
    if (stage_ == Stage::begin) stage_ = is_leader_ ? Stage::renew : Stage::read;
    if (stage_ == Stage::read) return Read{};
    writing_ = own_record(now);
    if (stage_ == Stage::create) return Create{writing_};
    return Update{writing_, version_};
}

Milliseconds Election::call_limit(Time now) const {
    const auto usual = options_.deadline / 2;
    return leads(now) ? std::min(usual, leads_until_ - now) : usual;
}

void Election::read(LeaseRecord record, std::string version, Time now) {
    if (record != observed_) {
        observed_ = std::move(record);
        observed_at_ = now;
    }
    version_ = std::move(version);
    if (!is_held_by_another(now)) {
        stage_ = Stage::update;
        return;
    }
    is_lost_ = is_leader_;
    stage_ = Stage::rest;
}

// What was seen before somebody deleted the lease still counts, so that epochs go on where they were as far as we know.
void Election::absent() { stage_ = Stage::create; }

void Election::written(std::string version, Time sent) {
    observed_ = writing_;
    observed_at_ = sent;
    version_ = std::move(version);
    is_leader_ = true;
    leads_until_ = sent + options_.deadline;
    stage_ = Stage::rest;
}

void Election::failed() { stage_ = stage_ == Stage::renew ? Stage::read : Stage::rest; }

void Election::look_now() {
    if (!is_leader_ && stage_ == Stage::begin) rests_until_ = Time{};
}

std::optional<Election::Update> Election::release(Time now) {
    if (!std::exchange(is_leader_, false) || now >= leads_until_) return std::nullopt;
    is_lost_ = true;
    auto record = observed_;
    record.holder.clear();
    record.seconds = 1;
    record.renewed = record.acquired = micro_time(now);
    return Update{std::move(record), version_};
}

bool Election::is_held_by_another(Time now) const {
    if (observed_.holder.empty() || observed_.holder == options_.me) return false;
    if (!is_leader_ && is_left_by_the_dead()) return false;
    return is_leader_ || observed_at_ + std::chrono::seconds(observed_.seconds) > now;
}

bool Election::is_left_by_the_dead() const { return !options_.household.empty() && observed_.holder.starts_with(options_.household); }

LeaseRecord Election::own_record(Time now) const {
    const bool is_mine = observed_.holder == options_.me;
    const bool is_first = observed_ == LeaseRecord();
    return {.holder = options_.me,
            .seconds = std::chrono::ceil<std::chrono::seconds>(options_.duration).count(),
            .acquired = is_mine ? observed_.acquired : micro_time(now),
            .renewed = micro_time(now),
            .transitions = is_mine || is_first ? observed_.transitions : observed_.transitions + 1};
}

}  // namespace gk::wire::kubernetes
