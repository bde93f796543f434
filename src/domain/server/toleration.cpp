#include "domain/server/toleration.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gk::server {
namespace {

constexpr auto effects = std::to_array<std::string_view>({"NoSchedule", "PreferNoSchedule", "NoExecute"});
// As Kubernetes bounds a label's name, with its prefix, and its text.
constexpr std::size_t text_size_max = 63;
constexpr std::size_t key_size_max = 253 + 1 + text_size_max;

bool is_plain(std::string_view text, std::string_view also) {
    return std::ranges::all_of(
        text, [also](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.contains(c); });
}
bool is_key(std::string_view text) { return !text.empty() && text.size() <= key_size_max && is_plain(text, "._-/"); }
bool is_value(std::string_view text) { return text.size() <= text_size_max && is_plain(text, "._-"); }

}  // namespace

Result<Toleration, std::string> parse_toleration(std::string_view text) {
    Toleration out;
    const auto colon = text.rfind(':');
    const auto taint = text.substr(0, colon);
    const auto equals = taint.find('=');
    out.key = taint.substr(0, equals);
    if (equals != std::string_view::npos) out.value = taint.substr(equals + 1);
    if (colon != std::string_view::npos) out.effect = text.substr(colon + 1);
    const bool has_effect = colon == std::string_view::npos || std::ranges::find(effects, out.effect) != effects.end();
    if (is_key(out.key) && is_value(out.value.value_or(std::string())) && has_effect) return out;
    return std::unexpected(
        fmt::format("'{}' is no taint; write KEY, KEY=VALUE or KEY=VALUE:EFFECT, with an effect of: {}", text, fmt::join(effects, ", ")));
}

}  // namespace gk::server
