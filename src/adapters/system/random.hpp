#pragma once

#include "ports/random.hpp"

namespace gk::system {

// The kernel's generator. Blocks only in the first moments after a machine has booted.
class SystemRandom final : public Random {
public:
    void fill(std::span<std::byte> out) override;
};

}  // namespace gk::system
