#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "net/http/transport.hpp"
#include "ports/task.hpp"

namespace gk::net {

// Takes what comes over a transport apart into lines.
class LineReader {
public:
    // `from` outlives it. Whoever says more than `size_max` bytes without an end of a line is read no further.
    LineReader(Transport& from, std::size_t size_max) : from_(from), size_max_(size_max) {}

    // The next line, without its end; it stays as it is until the next call. Nothing: the stream has ended or broken, or a line is too long.
    Task<std::optional<std::string_view>> next();

private:
    Transport& from_;
    std::size_t size_max_;
    std::string text_;       // Begins with the line that was given last.
    std::size_t given_ = 0;  // The size of that line with its end.
    std::array<char, 16 * 1024> piece_{};
};

}  // namespace gk::net
