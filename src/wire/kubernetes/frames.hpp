#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gk::wire::kubernetes {

// Cuts the body of a watch into its frames: JSON texts, each with a line end behind it. The body comes in pieces of any size. Holds at most one
// frame of `frame_max` bytes and the piece that was fed last.
class FrameSplitter {
public:
    // etcd takes objects of up to 1.5 MiB, which JSON with its escapes makes longer.
    static constexpr std::size_t usual_max = 4 * 1024 * 1024;

    explicit FrameSplitter(std::size_t frame_max = usual_max) : frame_max_(frame_max) {}

    // Adds a piece; whoever feeds takes all complete frames by next() before the next piece.
    void feed(std::string_view piece);
    // The next complete frame without its end, empty lines passed over; nothing when more must be fed. A frame that is longer than allowed is an
    // error, after which the body is of no use.
    Result<std::optional<std::string>, std::string> next();

private:
    std::size_t frame_max_;
    std::string text_;
    std::size_t taken_ = 0;    // Bytes of `text_` that were handed out.
    std::size_t searched_ = 0;  // Bytes that hold no line end, so that a long frame in many pieces is searched once.
};

}  // namespace gk::wire::kubernetes
