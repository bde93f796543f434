// Whatever is accepted prints to a text that is accepted again and prints the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "net/json/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto value = gk::net::parse_json({reinterpret_cast<const char*>(data), size});
    if (!value) return 0;
    const auto text = gk::to_json(*value);
    gk::net::JsonLimits limits;
    limits.size = 100 * limits.size;  // Printing may escape.
    const auto again = gk::net::parse_json(text, limits);
    ASSERT(again.has_value(), "what was printed is JSON");
    ASSERT(gk::to_json(*again) == text, "printing is stable");
    return 0;
}
