#include "domain/catalog/edit/lines.hpp"

#include <algorithm>

namespace gk::catalog {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

Lines::Lines(std::string_view content) {
    if (content.starts_with(byte_order_mark)) {
        mark_ = byte_order_mark;
        content.remove_prefix(byte_order_mark.size());
    }
    while (!content.empty()) {
        const auto feed = content.find('\n');
        const auto whole = content.substr(0, feed == std::string_view::npos ? content.size() : feed + 1);
        content.remove_prefix(whole.size());
        const std::size_t end_size = whole.ends_with("\r\n") ? 2 : whole.ends_with('\n') || whole.ends_with('\r') ? 1 : 0;
        lines_.push_back({std::string(whole.substr(0, whole.size() - end_size)), std::string(whole.substr(whole.size() - end_size))});
    }
    end_ = !lines_.empty() && lines_.front().end.ends_with('\n') ? lines_.front().end : "\n";
}

void Lines::insert(std::size_t index, std::string text) {
    std::string end = end_;
    if (index == lines_.size() && !lines_.empty()) std::swap(lines_.back().end, end);
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(index), {std::move(text), std::move(end)});
}

void Lines::erase(std::size_t first, std::size_t last) {
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(first), lines_.begin() + static_cast<std::ptrdiff_t>(last));
}

std::string Lines::text() const {
    std::string out = mark_;
    for (const auto& line : lines_) {
        out += line.text;
        out += line.end;
    }
    return out;
}

std::size_t indent_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::find_if_not(text, [](char c) { return c == ' ' || c == '\t'; }) - text.begin());
}

}  // namespace gk::catalog
