#include "wire/kubernetes/frames.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::wire::kubernetes {

void FrameSplitter::feed(std::string_view piece) {
    text_.erase(0, taken_);
    searched_ -= taken_;
    taken_ = 0;
    text_ += piece;
}

Result<std::optional<std::string>, std::string> FrameSplitter::next() {
    for (;;) {
        const auto end = text_.find('\n', searched_);
        searched_ = std::min(end, text_.size());
        if (searched_ - taken_ > frame_max_) {
            return std::unexpected(fmt::format("a frame of the watch is longer than {}", size_text(frame_max_)));
        }
        if (end == std::string::npos) return std::nullopt;
        auto frame = text_.substr(taken_, end - taken_);
        taken_ = searched_ = end + 1;
        if (frame.ends_with('\r')) frame.pop_back();
        if (!frame.empty()) return frame;
    }
}

}  // namespace gk::wire::kubernetes
