#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/clients.hpp"
#include "tests/sim/ground.hpp"
#include "tests/sim/life.hpp"

namespace gk::sim {

// One simulated installation: ground, one or two lives of the control plane, players, and clients who ask for things at random. Time jumps from
// event to event; the same seed gives the same run.
class World {
public:
    explicit World(std::uint64_t seed, Plant plant = Plant::none, const MakeSurroundings& make = one_machine);

    // Faults, and what people do, for that long. Stops at the first breach of a rule.
    void run_for(Milliseconds duration);
    // No more faults, crashes, requests or second keepers.
    void heal();
    // Nobody asks for anything by chance: the test does.
    void leave_requests_to_the_test() { next_ask_ = Time(Milliseconds::max()); }
    // Gives everything time to come to rest after heal(), then looks for another minute whether it stays so. What is still not as it should
    // be, or a broken rule; empty when all is well.
    std::string settle_down(Milliseconds within);

    // For tests that ask themselves.
    Ground& ground() { return ground_; }
    // The newest life; there is one after every moment of run_for().
    Life& life() { return *lives_.back(); }
    // How many there have been.
    std::uint64_t lives_made() const { return lives_made_; }

    const std::string& breach() const { return ground_.first_breach(); }
    std::string last_steps() const { return ground_.trace.last_steps(); }
    std::uint64_t hash() const { return ground_.trace.hash(); }
    std::uint64_t steps() const { return ground_.trace.count(); }

private:
    void turn();
    void turn_players();
    void turn_clients();
    void turn_minute();
    void turn_lives();
    bool poll_lives();
    void begin_life();
    void end_lives();
    void wake(ServerUid uid);
    Time next_time(Time end) const;
    std::string unrest();

    Ground ground_;
    std::unique_ptr<Surroundings> surroundings_;
    Pace pace_;
    Clients clients_;
    Dice actors_;
    std::vector<std::unique_ptr<Life>> lives_;
    std::uint64_t lives_made_ = 0;
    bool began_beside_another_ = false;  // The newest life.
    std::uint64_t seed_;
    Time next_play_{};
    Time next_ask_{};
    Time next_minute_{};
    Time vault_back_{};
};

// What this variable of the environment says.
std::uint64_t number_in(const char* variable, std::uint64_t otherwise);
// GK_SIM_SEED alone, or GK_SIM_SEEDS of them (default `count`), from GK_SIM_FIRST (default 1) on.
std::vector<std::uint64_t> seeds(std::uint64_t count);

}  // namespace gk::sim
