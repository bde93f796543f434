#include "wire/shim/layout.hpp"

#include <charconv>

#include <fmt/format.h>

namespace gk::wire::shim::layout {

namespace {
constexpr std::size_t digits = 20;
constexpr std::string_view suffix = ".log";
}  // namespace

std::string log_file_name(std::uint64_t base) { return fmt::format("{:0{}}{}", base, digits, suffix); }

std::optional<std::uint64_t> log_file_base(std::string_view name) {
    if (name.size() != digits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
    name.remove_suffix(suffix.size());
    std::uint64_t base = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), base);
    return failed == std::errc() && end == name.data() + name.size() ? std::optional(base) : std::nullopt;
}

}  // namespace gk::wire::shim::layout
