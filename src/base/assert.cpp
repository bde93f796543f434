#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace gk {

void assertion_failed(const char* condition, const char* text, const char* file, int line) noexcept {
    std::fprintf(stderr, "%s:%d: assertion failed: %s (%s)\n", file, line, text, condition);
    std::abort();
}

}  // namespace gk
