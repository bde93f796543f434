#include "tests/sim/world.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace gk::sim {
using namespace std::chrono_literals;

World::World(std::uint64_t seed, Plant plant, const MakeSurroundings& make)
    : ground_(seed, plant),
      surroundings_(make(ground_, seed)),
      pace_(surroundings_->pace()),
      clients_(ground_, seed),
      actors_(seed, 4),
      seed_(seed) {
    ground_.trace.keep(number_in("GK_SIM_STEPS", 50));
    ground_.changed = [this](ServerUid uid) { wake(uid); };
    begin_life();
    next_play_ = next_ask_ = next_minute_ = ground_.now;
}

// What is heard of a game may be lost, or come twice.
void World::wake(ServerUid uid) {
    if (surroundings_->carries_news()) return;
    auto& dice = ground_.fault_dice;
    if (dice.chance(ground_.faults.wake_lost)) return;
    const int times = dice.chance(ground_.faults.wake_twice) ? 2 : 1;
    for (int i = 0; i < times; ++i) {
        for (const auto& life : lives_) life->wake(uid);
    }
}

void World::begin_life() {
    began_beside_another_ = !lives_.empty();
    if (began_beside_another_) ground_.had_two_keepers = true;
    lives_.push_back(std::make_unique<Life>(ground_, *surroundings_, seed_, ++lives_made_));
}

void World::end_lives() {
    for (const auto& life : lives_) {
        if (!life->has_ended()) life->end();
    }
    lives_.clear();
    ground_.check_promises();
}

void World::run_for(Milliseconds duration) {
    const auto end = ground_.now + duration;
    while (ground_.now < end && breach().empty()) {
        turn();
        ground_.now = next_time(end);
    }
}

// Everything that can happen at this moment.
void World::turn() {
    ground_.settle();
    surroundings_->settle();
    if (!ground_.quiet) {
        turn_players();
        turn_clients();
        turn_minute();
    }
    turn_lives();
}

void World::turn_players() {
    if (ground_.now < next_play_) return;
    for (const auto& [uid, cell] : ground_.cells) {
        if (actors_.chance(0.5)) ground_.play(uid);
    }
    next_play_ = ground_.now + actors_.between(pace_.play_least, pace_.play_most);
}

void World::turn_clients() {
    if (ground_.now < next_ask_ || lives_.empty()) return;
    auto& life = *lives_[actors_.below(lives_.size())];
    if (surroundings_->somebody_acts()) {
        // Not by way of us.
    } else if (pace_.owners_help && clients_.help(life)) {
        // That was it.
    } else if (ground_.state->servers.empty()) clients_.create(life);
    else clients_.act(life);
    next_ask_ = ground_.now + actors_.between(pace_.ask_least, pace_.ask_most);
}

void World::turn_minute() {
    const auto now = ground_.now;
    if (ground_.vault_down && now >= vault_back_) ground_.vault_down = false;
    if (now < next_minute_) return;
    next_minute_ = now + pace_.faults_every;
    const auto& faults = ground_.faults;
    if (actors_.chance(faults.vault_outage)) {
        ground_.vault_down = true;
        vault_back_ = now + actors_.between(10s, 8min);
    }
    if (actors_.chance(faults.clock_jump)) {
        static constexpr Milliseconds jumps[] = {-24h * 3650, -24h, -1s, 0s, 1s, 1h, 24h * 3650};
        ground_.skew = jumps[actors_.below(std::size(jumps))];
    }
    if (actors_.chance(faults.killed)) end_lives();
    if (actors_.chance(faults.power_loss)) {
        end_lives();
        ground_.lose_power();
        surroundings_->power_was_lost();
    }
    auto& cells = ground_.cells;
    if (!cells.empty()) {
        const auto uid = std::next(cells.begin(), static_cast<std::ptrdiff_t>(actors_.below(cells.size())))->first;
        if (actors_.chance(faults.disk_lost) && ground_.lose_disk(uid)) surroundings_->disk_was_lost(uid);
        if (actors_.chance(faults.stray_start)) ground_.start_by_hand(uid);
        // Who waits for a backup that does not come is more likely to help himself.
        const auto waiting = ground_.with_failed_backup();
        if (waiting && actors_.chance(10 * faults.stray_start)) ground_.start_by_hand(*waiting);
    }
    if (actors_.chance(faults.second_keeper) && lives_.size() == 1) begin_life();
    surroundings_->turn_minute();
    for (const auto& life : lives_) {
        if (const auto how_long = surroundings_->stands_still()) life->stand_still(now + *how_long);
    }
}

void World::turn_lives() {
    while (lives_.size() < surroundings_->replicas()) begin_life();
    constexpr int rounds_max = 10'000;
    for (int rounds = 0; poll_lives(); ++rounds) {
        surroundings_->settle();
        if (rounds == rounds_max) return ground_.breach("I24: something runs in circles, and time stands still");
    }
    for (const auto& life : lives_) {
        if (!life->has_ended() && life->wants_to_die()) life->end();
    }
    std::erase_if(lives_, [](const auto& life) { return life->has_ended(); });
}

// What one does may be heard by another one.
bool World::poll_lives() {
    std::size_t ran = 0;
    for (const auto& life : lives_) {
        if (life->stands_still(ground_.now)) continue;
        life->advance(ground_.now);
        ran += life->poll();
    }
    return ran > 0 && surroundings_->carries_news();
}

Time World::next_time(Time end) const {
    auto next = end;
    if (!ground_.quiet) next = std::min({end, next_play_, next_ask_, next_minute_});
    if (const auto event = ground_.next_event()) next = std::min(next, *event);
    if (const auto event = surroundings_->next_event()) next = std::min(next, *event);
    if (lives_.empty()) return ground_.now;
    for (const auto& life : lives_) {
        const auto due = life->stands_still(ground_.now) ? std::optional(life->still_until()) : life->next_due();
        if (due) next = std::min(next, *due);
    }
    return std::max(next, ground_.now);
}

// A life that began beside another one does not know in its port map what the other one has created since.
void World::heal() {
    ground_.heal();
    surroundings_->heal();
    for (const auto& life : lives_) life->stand_still(ground_.now);
    if (began_beside_another_ && surroundings_->replicas() == 1) end_lives();
}

std::string World::settle_down(Milliseconds within) {
    const auto end = ground_.now + within;
    run_for(90s);  // What an interrupted request has left is let be for a minute.
    // A request that has been on its way for minutes may still disturb the rest, once.
    do {
        while (ground_.now < end && breach().empty() && !unrest().empty()) run_for(20s);
        run_for(1min);
    } while (ground_.now < end && breach().empty() && !unrest().empty());
    ground_.check_promises();
    return breach().empty() ? unrest() : breach();
}

std::string World::unrest() {
    auto why = ground_.unrest();
    if (why.empty()) why = surroundings_->unrest();
    return why.empty() ? ground_.misheld_ports(life().ports_held()) : why;
}

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    if (text == nullptr) return otherwise;
    auto number = otherwise;
    std::from_chars(text, text + std::strlen(text), number);
    return number;
}

std::vector<std::uint64_t> seeds(std::uint64_t count) {
    if (const auto one = number_in("GK_SIM_SEED", 0); one != 0) return {one};
    std::vector<std::uint64_t> all(number_in("GK_SIM_SEEDS", count));
    const auto first = number_in("GK_SIM_FIRST", 1);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = first + i;
    return all;
}

}  // namespace gk::sim
