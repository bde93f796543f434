#include "programs/cli/screen.hpp"

#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace gk::programs {
namespace {

bool wants_colours() {
    const char* refused = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    return (refused == nullptr || *refused == '\0') && terminal != nullptr && std::string_view(terminal) != "dumb";
}

// The sixteen colours that every theme defines, so that they are readable on dark and on light ground.
std::string_view code_of(Tone tone) {
    switch (tone) {
    case Tone::plain: return "";
    case Tone::good: return "32";
    case Tone::busy: return "33";
    case Tone::bad: return "31";
    case Tone::faint: return "2";
    }
    return "";
}

}  // namespace

std::string Screen::painted(Tone tone, std::string_view text) const {
    if (!colours || tone == Tone::plain || text.empty()) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", code_of(tone), text);
}

Screen screen_of(std::FILE* out) {
    const int descriptor = fileno(out);
    if (isatty(descriptor) != 1) return {};
    struct winsize size{};
    const bool known = ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return {.colours = wants_colours(), .width = known ? std::size_t{size.ws_col} : 80};
}

}  // namespace gk::programs
