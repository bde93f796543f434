#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "domain/server/record.hpp"

namespace gk::server {

// Of stores that number the states of a record: 1, 2, 3 and so on. None of a version that never was, or that another kind of store gave.
inline std::optional<std::uint64_t> count_of(const Version& version) {
    std::uint64_t count = 0;
    const auto* end = version.text.data() + version.text.size();
    const auto [at, error] = std::from_chars(version.text.data(), end, count);
    const bool fits = version.text.size() <= 18;  // A JSON number holds it.
    if (error != std::errc() || at != end || !fits || version.text.starts_with('0')) return std::nullopt;
    return count;
}
inline Version counted(std::uint64_t count) { return {.text = count == 0 ? std::string() : std::to_string(count)}; }
inline Version next(const Version& version) { return counted(count_of(version).value_or(0) + 1); }

}  // namespace gk::server
