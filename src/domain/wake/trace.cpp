#include "domain/wake/trace.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace gk::wake {

namespace {
constexpr std::size_t time_digits = 11;
constexpr std::size_t digits = 16;
constexpr std::uint32_t chance_mask = 0xfffff;
}  // namespace

std::string trace_of(Time heard, std::uint32_t chance) {
    const auto since = std::max<std::int64_t>(heard.time_since_epoch().count(), 0);
    return fmt::format("{:011x}{:05x}", since & ((std::int64_t{1} << (4 * time_digits)) - 1), chance & chance_mask);
}

std::optional<Time> time_of_trace(std::string_view trace) {
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (trace.size() != digits || !std::ranges::all_of(trace, is_digit)) return std::nullopt;
    std::int64_t since = 0;
    std::from_chars(trace.data(), trace.data() + time_digits, since, 16);
    return Time(Milliseconds(since));
}

}  // namespace gk::wake
