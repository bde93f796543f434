#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/match/hall.hpp"
#include "tests/sim/match/life.hpp"
#include "tests/sim/match/players.hpp"

namespace gk::matchsim {

// A simulated installation that makes matches: hall, one or two lives of the control plane, people. Time jumps from event to event; the same seed
// gives the same run.
class World {
public:
    explicit World(std::uint64_t seed, Plant plant = Plant::none);

    // Faults, and what people do, for that long. Stops at the first breach of a rule.
    void run_for(Milliseconds duration);
    // No more faults, and nobody wants anything new. Whoever could play does soon; then everybody plays to the end, or is told that there was no
    // match. What is still not as it should be, or a broken rule; empty when all is well.
    std::string settle_down();

    Hall& hall() { return hall_; }
    // For tests that ask themselves.
    Players& players() { return players_; }
    Life& life();
    // How many there have been.
    std::uint64_t lives_made() const { return lives_made_; }
    const std::string& breach() const { return hall_.first_breach(); }

private:
    void heal();
    void turn();
    void turn_people();
    void turn_minute();
    void turn_lives();
    void begin_life();
    void end_lives();
    Life& some_life() { return *lives_[actors_.below(lives_.size())]; }
    Time next_time(Time end) const;
    template <class Why>
    std::string wait_until(Milliseconds within, Why why);

    Hall hall_;
    Players players_;
    Dice actors_;
    std::vector<std::unique_ptr<Life>> lives_;
    std::uint64_t lives_made_ = 0;
    std::uint64_t seed_;
    bool are_asking_ = true;  // After their tickets.
    Time next_act_{};
    Time next_minute_{};
};

}  // namespace gk::matchsim
