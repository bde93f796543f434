#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/ground.hpp"
#include "tests/sim/sleep/edge.hpp"

namespace gk::sim {

// People who come by themselves, by way of the edge, stay for a while and go; whoever is not let in tries again, as clients do.
class Visitors {
public:
    struct Counts {
        std::uint64_t came = 0;
        std::uint64_t let_in = 0;
        std::uint64_t met_a_sleeper = 0;  // Of those: had to wait.
        std::uint64_t thrown_out = 0;     // By a crash, a stop that somebody asked for, a loss of power.
        Milliseconds waited_longest{0};   // While nothing was wrong.
    };
    Visitors(Ground& ground, SimEdge& edge, std::uint64_t seed);

    // In the game, and no noise: sessions at the edge.
    std::map<std::string, std::uint64_t> sessions() const;
    std::uint64_t in_game(ServerUid uid) const;
    // The first of those who are there came then.
    std::optional<Time> somebody_since(ServerUid uid) const;

    void settle();
    std::optional<Time> next_event() const;
    // Nobody comes any more, and who has been in for `last_words` goes.
    void end(Milliseconds last_words);
    // Who still wants in, or how long somebody waited although nothing was wrong; empty when all is well.
    std::string unrest() const;
    const Counts& counts() const { return counts_; }

private:
    struct Visitor {
        std::string server;
        wake::Address address;
        Milliseconds stays{};
        Time next{};                  // His next act: to try again, or to go.
        std::optional<Time> came_in;  // Absent: he is not in.
        Milliseconds waited{0};       // While nothing was wrong.
        Time waits_since{};
        bool met_a_sleeper = false;
    };
    void arrive();
    void act(Visitor& visitor);
    void knock(Visitor& visitor);
    void come_in(Visitor& visitor);
    void throw_out();
    bool is_excused(const std::optional<server::Record>& record) const;
    const server::Record* record_of(const std::string& server) const;
    bool is_game_up(const std::string& server) const;

    Ground& ground_;
    SimEdge& edge_;
    Dice dice_;
    std::vector<Visitor> all_;
    Time next_arrival_{};
    bool ends_ = false;
    Milliseconds last_words_{};
    Counts counts_;
};

}  // namespace gk::sim
