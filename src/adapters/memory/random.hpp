#pragma once

#include <cstdint>

#include "ports/random.hpp"

namespace gk::memory {

// The same seed, the same bytes, on every machine (SplitMix64). Not for production: whoever has seen a few bytes knows the rest.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

    void fill(std::span<std::byte> out) override {
        for (std::size_t i = 0; i < out.size(); i += 8) {
            const auto word = next();
            for (std::size_t k = i; k < out.size() && k < i + 8; ++k) out[k] = static_cast<std::byte>(word >> (8 * (k - i)));
        }
    }
    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        auto mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31);
    }

private:
    std::uint64_t state_;
};

}  // namespace gk::memory
