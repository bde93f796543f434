#include "wire/match/line_reader.hpp"

namespace gk::wire::match {

std::optional<std::string_view> LineReader::next(std::string_view& bytes) {
    if (returned_) kept_.clear();
    returned_ = false;
    if (too_long_) return std::nullopt;
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    // The CR of a line's end may be the one byte more that does not count.
    if (kept_.size() + piece.size() > bytes_max_ + 1) {
        too_long_ = true;
        return std::nullopt;
    }
    kept_.append(piece);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end == std::string_view::npos) return std::nullopt;
    if (kept_.ends_with('\r')) kept_.pop_back();
    too_long_ = kept_.size() > bytes_max_;
    if (too_long_) return std::nullopt;
    returned_ = true;
    return kept_;
}

}  // namespace gk::wire::match
