#include "tests/sim/match/world.hpp"

#include <algorithm>

#include "async/run.hpp"

namespace gk::matchsim {
using namespace std::chrono_literals;

namespace {

QueueRecord queue_record(const std::string& name) {
    auto order = queue_order(name);
    QueueRecord record;
    record.name = name;
    record.game = order.game;
    record.fleet = order.fleet;
    record.rules = std::move(order.rules);
    record.ticket_ttl = order.ticket_ttl;
    record.silence = order.silence;
    record.acceptance = order.acceptance;
    return record;
}

}  // namespace

World::World(std::uint64_t seed, Plant plant) : hall_(seed, plant), players_(hall_, seed), actors_(seed, 4), seed_(seed) {
    hall_.changed = [this](ServerUid uid) {
        for (const auto& life : lives_) life->wake(uid);
    };
    for (const auto* name : queue_names) hall_.matches->queues[name] = queue_record(name);
    begin_life();
    next_act_ = next_minute_ = hall_.now;
}

void World::begin_life() { lives_.push_back(std::make_unique<Life>(hall_, seed_, ++lives_made_)); }

Life& World::life() {
    if (lives_.empty()) begin_life();
    return *lives_.back();
}

void World::end_lives() {
    for (const auto& life : lives_) life->end();
    lives_.clear();
}

void World::run_for(Milliseconds duration) {
    const auto end = hall_.now + duration;
    while (hall_.now < end && breach().empty()) {
        turn();
        hall_.now = next_time(end);
    }
}

// Everything that can happen at this moment.
void World::turn() {
    hall_.settle();
    turn_lives();
    turn_people();
    if (!hall_.quiet) turn_minute();
    turn_lives();
}

void World::turn_people() {
    if (hall_.now < next_act_ || lives_.empty()) return;
    if (!hall_.quiet) players_.act(some_life());
    else if (are_asking_) players_.ask_after_all(some_life());
    next_act_ = hall_.now + (hall_.quiet ? 4s : actors_.between(100ms, players_.is_rush() ? 1s : 6s));
}

void World::turn_minute() {
    const auto now = hall_.now;
    if (now < next_minute_ || lives_.empty()) return;
    next_minute_ = now + 1min;
    const auto& faults = hall_.faults;
    if (actors_.chance(faults.clock_jump)) {
        static constexpr Milliseconds jumps[] = {-24h * 3650, -24h, -1s, 0s, 1s, 1h, 24h * 3650};
        hall_.skew = jumps[actors_.below(std::size(jumps))];
    }
    if (actors_.chance(faults.queue_change)) players_.change_queue(some_life());
    if (actors_.chance(faults.killed)) end_lives();
    if (actors_.chance(faults.second) && lives_.size() == 1) begin_life();
}

void World::turn_lives() {
    constexpr int rounds_max = 10'000;
    // Somebody makes matches, or is about to: one that was superseded by one that has died is ended and begun anew.
    const bool is_anybody_at_work = std::ranges::any_of(lives_, [](const auto& life) { return life->makes_matches(); });
    if (!is_anybody_at_work) {
        end_lives();
        begin_life();
    }
    std::size_t ran = 1;
    for (int rounds = 0; ran > 0; ++rounds) {
        ran = 0;
        for (const auto& life : lives_) {
            life->advance(hall_.now);
            ran += life->poll();
        }
        if (rounds == rounds_max) return hall_.breach("L1: something runs in circles, and time stands still");
    }
    std::erase_if(lives_, [](const auto& life) {
        if (life->wants_to_die()) life->end();
        return life->wants_to_die();
    });
}

Time World::next_time(Time end) const {
    if (lives_.empty()) return hall_.now;
    auto next = std::min(end, next_act_);
    if (!hall_.quiet) next = std::min(next, next_minute_);
    if (const auto event = hall_.next_event()) next = std::min(next, *event);
    for (const auto& life : lives_) {
        if (const auto due = life->next_due()) next = std::min(next, *due);
    }
    return std::max(next, hall_.now);
}

// Whoever was to make a queue again may have died.
void World::heal() {
    hall_.heal();
    run_for(20s);
    bool is_any_back = false;
    for (const auto* name : queue_names) is_any_back = hall_.matches->queues.try_emplace(name, queue_record(name)).second || is_any_back;
    if (is_any_back) end_lives();
}

template <class Why>
std::string World::wait_until(Milliseconds within, Why why) {
    const auto end = hall_.now + within;
    while (hall_.now < end && breach().empty() && !why().empty()) run_for(1s);
    return breach().empty() ? why() : breach();
}

// A queue without servers backs off for a minute at most, and the rules are at their widest after 50 s.
std::string World::settle_down() {
    heal();
    auto why = wait_until(2min, [this] { return hall_.starving(); });
    if (!why.empty()) return why;
    are_asking_ = false;
    return wait_until(ticket_ttl + 2min, [this] { return hall_.unrest(); });
}

}  // namespace gk::matchsim
