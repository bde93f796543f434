#include "shim/ending.hpp"

namespace gk::shim {

void Tail::add(std::string_view line) {
    lines_.emplace_back(line);
    bytes_ += line.size() + 1;
    while (lines_.size() > wire::shim::tail_lines_max || bytes_ > wire::shim::tail_bytes_max) {
        bytes_ -= lines_.front().size() + 1;
        lines_.pop_front();
    }
}

std::string Tail::text() const {
    std::string text;
    for (const auto& line : lines_) {
        if (!text.empty()) text += '\n';
        text += line;
    }
    return text;
}

}  // namespace gk::shim
