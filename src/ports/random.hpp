#pragma once

#include <cstddef>
#include <span>

#include "base/id.hpp"

namespace gk {

// Cryptographically strong in production, seeded in the simulator.
class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::byte> out) = 0;

    template <class IdType>
    IdType id() {
        UuidBits bits{};
        fill(std::as_writable_bytes(std::span(bits)));
        return IdType(uuid_from_random(bits));
    }
};

}  // namespace gk
