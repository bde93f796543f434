#include "net/http/line_reader.hpp"

#include <utility>

namespace gk::net {

Task<std::optional<std::string_view>> LineReader::next() {
    text_.erase(0, std::exchange(given_, 0));
    for (std::size_t searched = 0;;) {
        const auto end = text_.find('\n', searched);
        if (end != std::string::npos) {
            given_ = end + 1;
            co_return std::string_view(text_).substr(0, end);
        }
        searched = text_.size();
        if (searched >= size_max_) co_return std::nullopt;
        const auto read = co_await from_.read_some(piece_);
        if (read.bytes == 0) co_return std::nullopt;
        text_.append(piece_.data(), read.bytes);
    }
}

}  // namespace gk::net
