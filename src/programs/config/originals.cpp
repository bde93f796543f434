#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "programs/config/config.hpp"

namespace gk::programs {
namespace {

struct Alias {
    std::string_view name;  // Of the original.
    std::string_view key;   // Of ours.
    // What of ours its text means; empty when it is none of its values.
    std::string (*translate)(std::string_view text);
    std::string_view expected;
};

std::string listen_on(std::string_view port) {
    const bool is_number = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
    return is_number ? fmt::format("127.0.0.1:{}", port) : std::string();
}

// Python's names of levels.
std::string log_level(std::string_view level) {
    static constexpr auto names = std::to_array<std::pair<std::string_view, std::string_view>>(
        {{"DEBUG", "debug"}, {"INFO", "info"}, {"WARNING", "warning"}, {"WARN", "warning"}, {"ERROR", "error"}, {"CRITICAL", "error"}});
    std::string upper(level);
    std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); });
    const auto found = std::ranges::find(names, upper, &std::pair<std::string_view, std::string_view>::first);
    return found == names.end() ? std::string() : std::string(found->second);
}

std::string number(std::string_view text) {
    const bool is_number = !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
    return is_number ? std::string(text) : std::string();
}

// "15" and "0.5" are seconds.
std::string seconds(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 86400)) return {};
    return duration_text(Milliseconds(std::llround(value * 1000)));
}

// Azure's name for it is that of the annotation by which a load balancer finds the group of its address.
std::string balancer_group(std::string_view group) {
    const bool is_group = !group.empty() && group.size() <= 90 && group.find_first_of(",= \t") == std::string_view::npos;
    return is_group ? fmt::format("service.beta.kubernetes.io/azure-load-balancer-resource-group={}", group) : std::string();
}

constexpr auto aliases = std::to_array<Alias>({
    {"PORT", "api.listen", listen_on, "the number of a port"},
    {"LOG_LEVEL", "log.level", log_level, "one of DEBUG, INFO, WARNING, ERROR, CRITICAL"},
    {"MC_RESOURCE_GROUP", "cluster.balancer_annotations", balancer_group, "the name of a resource group"},
    {"SESSION_SIZE", "match.size", number, "a number of players"},
    {"MIN_PARTIAL_SESSION_SIZE", "match.least", number, "a number of players"},
    {"FLUSH_WAIT_SECONDS", "match.flush", seconds, "a number of seconds up to a day"},
});

}  // namespace

Result<SaidByKey, ConfigErrors> said_by_originals(const std::vector<std::string>& environment) {
    SaidByKey out;
    ConfigErrors errors;
    for (const auto& line : environment) {
        const auto equals = line.find('=');
        if (equals == std::string::npos) continue;
        const auto found = std::ranges::find(aliases, std::string_view(line).substr(0, equals), &Alias::name);
        if (found == aliases.end()) continue;
        const auto said = std::string_view(line).substr(equals + 1);
        auto text = found->translate(said);
        if (text.empty()) errors.push_back(fmt::format("{}: '{}' is not {}", found->name, said, found->expected));
        else out[std::string(found->key)] = {std::move(text), std::string(found->name)};
    }
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return out;
}

}  // namespace gk::programs
