#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/render.hpp"
#include "domain/catalog/secret_setting.hpp"
#include "domain/server/secret_place.hpp"

namespace gk::catalog {
namespace {

std::string missing(const Setting& setting) {
    auto detail = fmt::format("'{}' must be set", setting.name);
    if (!setting.choices.empty()) detail += fmt::format(" to one of: {}", joined(setting.choices));
    if (!setting.link.empty()) detail += fmt::format("; read {} first", setting.link);
    return detail;
}

FieldError unknown_setting(const Game& game, const std::string& name, const Value& value) {
    std::vector<std::string_view> known;
    for (const auto& setting : game.settings) known.push_back(setting.name);
    const auto close = nearest(name, known);
    auto detail = fmt::format("{} has no setting '{}'", game.title, name);
    if (!close.empty()) detail += fmt::format("; did you mean '{}'?", close);
    else if (!known.empty()) detail += fmt::format("; it has: {}", fmt::join(known, ", "));
    return {pointer_to("/settings", name), "unknown_field", std::move(detail), value.mark()};
}

}  // namespace

std::vector<FieldError> validate_settings(const Game& game, const SettingValues& given) {
    std::vector<FieldError> errors;
    for (const auto& [name, value] : given) {
        const auto* setting = game.setting(name);
        if (setting == nullptr) errors.push_back(unknown_setting(game, name, value));
        else if (setting->secret && value.as_object() != nullptr) {
            if (auto problem = problem_with_place(*setting, value, pointer_to("/settings", name))) errors.push_back(std::move(*problem));
        } else if (!value.is_null()) {
            if (auto problem = problem_with(*setting, value, pointer_to("/settings", name))) errors.push_back(std::move(*problem));
        }
    }
    for (const auto& setting : game.settings) {
        const auto found = given.find(setting.name);
        if (!setting.required || (found != given.end() && !found->second.is_null())) continue;
        errors.push_back({pointer_to("/settings", setting.name), "required", missing(setting), {}});
    }
    return errors;
}

SettingValues effective_settings(const Game& game, const SettingValues& given) {
    SettingValues out;
    for (const auto& setting : game.settings) {
        const auto found = given.find(setting.name);
        const auto& value = found != given.end() && !found->second.is_null() ? found->second : setting.initial;
        if (!value.is_null()) out.emplace(setting.name, value);
    }
    return out;
}

SettingValues visible_settings(const Game& game, const SettingValues& given) {
    auto out = given;
    for (auto& [name, value] : out) {
        const auto* setting = game.setting(name);
        const auto place = server::secret_place(value);
        const bool is_named = place && !place->is_stored();
        if (setting != nullptr && setting->secret && !value.is_null() && !is_named) value = std::string(masked_setting);
    }
    return out;
}

std::vector<FieldError> validate_resources(const Game& game, const server::Resources& resources) {
    std::vector<FieldError> errors;
    const auto at_least = [&](std::string_view what, std::int64_t has, std::int64_t needs, std::string_view unit) {
        if (has >= needs) return;
        errors.push_back({pointer_to("/resources", what),
                          "out_of_range",
                          fmt::format("{} needs at least {} {}, this server has {}; choose a larger package", game.title, needs, unit, has),
                          {}});
    };
    at_least("cpu_millis", resources.cpu.count, game.minimum.cpu.count, "thousandths of a cpu");
    at_least("memory_mib", resources.memory.count, std::max(game.minimum.memory.count, game.memory.overhead.count + 1), "MiB of memory");
    at_least("disk_mib", resources.disk.count, game.minimum.disk.count, "MiB of disk");
    return errors;
}

std::optional<int> player_limit(const Game& game, const SettingValues& given) {
    if (game.player_limit.empty()) return std::nullopt;
    const auto said = given.find(game.player_limit);
    const auto* setting = game.setting(game.player_limit);
    const auto* limit = said != given.end() ? said->second.as_int() : setting != nullptr ? setting->initial.as_int() : nullptr;
    return limit != nullptr ? std::optional(static_cast<int>(*limit)) : std::nullopt;
}

}  // namespace gk::catalog
