#include "programs/cli/words.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/time.hpp"
#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

constexpr std::size_t stamp_size = std::string_view("2026-11-21T06:39:42.139Z").size();
constexpr std::size_t stamp_t = 10;
constexpr std::size_t stamp_seconds = 19;

bool is_stamp(std::string_view text) { return text.size() == stamp_size && text[stamp_t] == 'T' && parse_rfc3339(text).has_value(); }

}  // namespace

std::string when(std::string_view rfc3339) {
    if (!is_stamp(rfc3339)) return std::string(rfc3339);
    return fmt::format("{} {} UTC", rfc3339.substr(0, stamp_t), rfc3339.substr(stamp_t + 1, stamp_seconds - stamp_t - 1));
}

std::string with_times(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto stamp = text.substr(0, stamp_size);
        const bool found = is_stamp(stamp);
        out += found ? when(stamp) : std::string(text.substr(0, 1));
        text.remove_prefix(found ? stamp_size : 1);
    }
    return out;
}

std::string plain(std::string name) {
    std::ranges::replace(name, '_', ' ');
    return name;
}

std::string cpu_text(std::int64_t millis) {
    auto number = fmt::format("{}.{:03}", millis / 1000, millis % 1000);
    number.erase(number.find_last_not_of('0') + 1);
    if (number.ends_with('.')) number.pop_back();
    return number + (millis > 1000 ? " cpus" : " cpu");
}

std::string mebibytes_text(std::int64_t count) { return size_text(static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0)) << 20); }

std::string resources_text(const Value& resources) {
    const auto of = [&](std::string_view what) { return number_at(resources, what).value_or(0); };
    return fmt::format("{}, {} memory, {} disk", cpu_text(of("cpu_millis")), mebibytes_text(of("memory_mib")), mebibytes_text(of("disk_mib")));
}

std::string short_id(const std::string& id) { return id.substr(0, 8); }

Tone tone_of(std::string_view state) {
    static constexpr std::array<std::string_view, 4> good = {"running", "succeeded", "complete", "ok"};
    static constexpr std::array<std::string_view, 6> busy = {"starting", "pausing", "stopping", "deleting", "waiting", "uploading"};
    if (state == "failed") return Tone::bad;
    if (std::ranges::find(good, state) != good.end()) return Tone::good;
    return std::ranges::find(busy, state) != busy.end() ? Tone::busy : Tone::plain;
}

}  // namespace gk::programs
