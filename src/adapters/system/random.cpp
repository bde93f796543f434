#include "adapters/system/random.hpp"

#include <cerrno>
#include <sys/random.h>

#include "base/assert.hpp"

namespace gk::system {

void SystemRandom::fill(std::span<std::byte> out) {
    while (!out.empty()) {
        const auto got = getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        ASSERT(got > 0, "getrandom() is part of every kernel we run on");
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace gk::system
