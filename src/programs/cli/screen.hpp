#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace gk::programs {

// What a text means; how that looks is decided here alone.
enum class Tone : std::uint8_t { plain, good, busy, bad, faint };

// Where a text goes: a terminal has a width and may have colours; a file or a pipe has neither.
struct Screen {
    bool colours = false;
    std::size_t width = 0;  // Characters in a line; 0: no bound.

    std::string painted(Tone tone, std::string_view text) const;
};

// Colours are left out when NO_COLOR is set (https://no-color.org) or TERM is "dumb".
Screen screen_of(std::FILE* out);

}  // namespace gk::programs
