#pragma once

#include <cstdint>
#include <memory>

#include "tests/sim/sleep/edge.hpp"
#include "tests/sim/sleep/visitors.hpp"
#include "tests/sim/world.hpp"

namespace gk::sim {

// A machine whose games stand behind an edge, with people who come and go: days instead of minutes. World puts it together with lives and clients.
class Street final : public Surroundings, public Guests {
public:
    // `ground` outlives it.
    Street(Ground& ground, std::uint64_t seed, StreetPlant plant);
    ~Street() override;
    Street(const Street&) = delete;
    Street& operator=(const Street&) = delete;

    std::unique_ptr<Footing> footing(boost::asio::io_context& io, Clock& clock, std::uint64_t seed, std::uint64_t life) override;
    void settle() override;
    std::optional<Time> next_event() const override;
    void turn_minute() override;
    void heal() override;
    std::string unrest() override;
    Pace pace() const override;
    std::optional<Milliseconds> stands_still() override;

    std::optional<int> counted(ServerUid uid) const override;
    void game_is_stopped(ServerUid uid) override;

    const Visitors::Counts& counts() const { return visitors_.counts(); }
    // How many worlds fell asleep because nobody played.
    std::uint64_t sleeps() const { return sleeps_; }

private:
    bool are_probes_missing() const { return ground_.now < probes_back_; }

    Ground& ground_;
    StreetPlant plant_;
    Dice dice_;
    StreetFaults faults_;
    std::unique_ptr<Surroundings> machine_;
    SimEdge edge_;
    Visitors visitors_;
    Time probes_back_{};
    Time still_until_{};
    std::uint64_t sleeps_ = 0;
};

// `out`, when there is one, is where the street is that was made.
MakeSurroundings a_street(StreetPlant plant, Street** out = nullptr);

}  // namespace gk::sim
