#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decode.hpp"
#include "base/enum_names.hpp"
#include "base/value.hpp"

namespace gk::catalog {

enum class SettingType : std::uint8_t { string, integer, number, boolean, choice };
inline constexpr auto setting_type_names = std::to_array<std::string_view>({"string", "integer", "number", "boolean", "choice"});
constexpr std::span<const std::string_view> names_of(SettingType) { return setting_type_names; }

// One thing that an owner may decide about a server of this game.
struct Setting {
    std::string name;
    SettingType type = SettingType::string;
    std::string title;
    std::string description;
    Value initial;                     // The default; null: none, then its placeholder is empty.
    std::optional<double> min;         // integer, number; both ends belong to the range.
    std::optional<double> max;
    std::string pattern;               // string: the whole text must match.
    std::size_t size_max_bytes = 256;  // string
    bool multiline = false;            // string: line breaks and tabs are allowed; other control characters never are.
    std::vector<std::string> choices;  // choice
    bool required = false;             // A server cannot be made without it.
    std::string link;                  // What to read before setting it (a licence); part of the error when it is missing.
    bool secret = false;               // Never shown again, never in a command line.
    bool restart_needed = true;        // Whether a running game must be started again before a change is seen.
    bool operator==(const Setting&) const = default;
};

using SettingValues = std::map<std::string, Value>;

// Reads {NAME: {type: ...}, ...} and checks every default against its own rules.
bool decode_settings(const Value& value, const std::string& pointer, Errors& errors, std::vector<Setting>& out);

// What is wrong with one value, as a sentence; nothing when it may be used.
std::optional<FieldError> problem_with(const Setting& setting, const Value& value, const std::string& pointer);

}  // namespace gk::catalog
