#include "domain/catalog/secret_setting.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/catalog/setting.hpp"
#include "domain/server/secret_place.hpp"

namespace gk::catalog {

using server::secret_key;
using server::secret_place;
using server::SecretPlace;

namespace {

// As the API server takes them: a Secret is a DNS name, a key has letters, digits, '-', '_' and '.'.
bool is_object_name(std::string_view text) {
    constexpr std::string_view all = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    return !text.empty() && text.size() <= 253 && text.find_first_not_of(all) == text.npos && text.front() != '-' && text.front() != '.';
}
bool is_key(std::string_view text) {
    constexpr std::string_view all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return !text.empty() && text.size() <= 253 && text.find_first_not_of(all) == text.npos;
}

std::string not_there(const SecretPlace& place, const server::Record& record) {
    if (place.is_stored()) return "its value is not with the secrets of this server any more; set it again";
    return fmt::format(
        "there is no key '{}' in a Secret '{}' of namespace '{}' that Gamekeeper may use: make it, and label it "
        "gamekeeper.dev/settings=true",
        place.key, place.name, record.space);
}

}  // namespace

std::optional<FieldError> problem_with_place(const Setting& setting, const Value& value, const std::string& pointer) {
    const auto wrong = [&](std::string code, std::string detail) { return FieldError{pointer, std::move(code), std::move(detail), value.mark()}; };
    if (setting.type != SettingType::string)
        return wrong("wrong_type", fmt::format("'{}' is no text, so its value stands here itself", setting.name));
    const auto place = secret_place(value);
    if (!place) return wrong("bad_format", fmt::format("'{}' is a text, or {{secret: {{name: ..., key: ...}}}}", setting.name));
    if (place->is_stored() || (is_object_name(place->name) && is_key(place->key))) return std::nullopt;
    return wrong("bad_format", fmt::format("'{}' names no Secret and key that there could be", setting.name));
}

std::vector<FieldError> validate_secrets(const Game& game, const server::Record& record) {
    std::vector<FieldError> errors;
    for (const auto& [name, value] : record.settings) {
        const auto* setting = game.setting(name);
        const auto place = secret_place(value);
        if (setting == nullptr || !place) continue;
        const auto pointer = pointer_to("/settings", name);
        const auto found = record.secrets.find(secret_key(name, *place));
        if (found == record.secrets.end()) errors.push_back({pointer, "secret_missing", not_there(*place, record), {}});
        else if (auto problem = problem_with(*setting, Value(found->second.reveal()), pointer)) errors.push_back(std::move(*problem));
    }
    return errors;
}

}  // namespace gk::catalog
