#include "wire/probe/econ.hpp"

#include <algorithm>

namespace gk::wire::probe::econ {

void Lines::feed(std::string_view bytes) {
    std::ranges::copy_if(bytes, std::back_inserter(rest_), [](char c) { return c != '\0' && c != '\r'; });
}

std::optional<std::string> Lines::next() {
    const auto end = rest_.find('\n');
    if (end == std::string::npos && rest_.size() < line_size_max) return std::nullopt;
    auto line = rest_.substr(0, std::min(end, line_size_max));
    rest_.erase(0, line.size() + (line.size() == end ? 1 : 0));
    return line;
}

Kind kind_of(std::string_view line) {
    if (line.starts_with("Enter password")) return Kind::password_wanted;
    if (line.starts_with("Authentication successful")) return Kind::accepted;
    if (line.starts_with("Wrong password")) return Kind::refused;
    const auto text = without_time(line);
    if (text.starts_with("[server]: cid=") && text.find(" cmd='") != std::string_view::npos) return Kind::echo;
    return text.starts_with("[econ]: ") ? Kind::echo : Kind::text;
}

std::string_view without_time(std::string_view line) {
    const auto end = line.find("][");
    return line.starts_with('[') && end != std::string_view::npos ? line.substr(end + 1) : line;
}

}  // namespace gk::wire::probe::econ
