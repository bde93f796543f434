#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace gk::sim {

// A stream of choices (SplitMix64). Each purpose draws from a stream of its own, so that a new fault does not shift every other choice.
class Dice {
public:
    Dice(std::uint64_t seed, std::uint64_t purpose) : state_(seed * 0x9e3779b97f4a7c15U ^ purpose * 0xd1342543de82ef95U) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        auto mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31);
    }
    std::uint64_t below(std::uint64_t limit) { return next() % limit; }
    bool chance(double probability) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability; }
    Milliseconds between(Milliseconds least, Milliseconds most) {
        return least + Milliseconds(below(static_cast<std::uint64_t>((most - least).count()) + 1));
    }

private:
    std::uint64_t state_;
};

}  // namespace gk::sim
