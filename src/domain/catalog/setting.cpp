#include "domain/catalog/setting.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/names.hpp"
#include "domain/catalog/pattern.hpp"

namespace gk::catalog {
namespace {

// Larger texts belong into files.
constexpr std::size_t setting_size_most_bytes = 4096;

std::optional<FieldError> refused(const Value& value, const std::string& pointer, std::string code, std::string detail) {
    return FieldError{pointer, std::move(code), std::move(detail), value.mark()};
}

std::optional<FieldError> problem_with_text(const Setting& setting, const Value& value, const std::string& pointer) {
    const auto* text = value.as_string();
    if (text == nullptr)
        return refused(value, pointer, "wrong_type", fmt::format("'{}' is a text, not a value of type {}", setting.name, value.type_name()));
    if (text->size() > setting.size_max_bytes) {
        return refused(value, pointer, "out_of_range",
                       fmt::format("'{}' has at most {} bytes, not {}", setting.name, setting.size_max_bytes, text->size()));
    }
    if (!is_utf8(*text)) return refused(value, pointer, "bad_format", fmt::format("'{}' is no valid UTF-8 text", setting.name));
    if (has_control_characters(*text, setting.multiline)) {
        return refused(
            value, pointer, "bad_format",
            fmt::format("'{}' must not hold {}", setting.name, setting.multiline ? "control characters" : "line breaks or other control characters"));
    }
    if (!setting.pattern.empty() && !matches_whole(setting.pattern, *text)) {
        return refused(value, pointer, "bad_format", fmt::format("'{}' must match {}", setting.name, setting.pattern));
    }
    return std::nullopt;
}

std::optional<FieldError> problem_with_choice(const Setting& setting, const Value& value, const std::string& pointer) {
    const auto* text = value.as_string();
    if (text != nullptr && std::ranges::find(setting.choices, *text) != setting.choices.end()) return std::nullopt;
    return refused(value, pointer, "not_allowed", fmt::format("'{}' is one of: {}", setting.name, joined(setting.choices)));
}

std::optional<FieldError> problem_with_number(const Setting& setting, const Value& value, const std::string& pointer) {
    const bool whole = setting.type == SettingType::integer;
    if (value.as_int() == nullptr && (whole || value.as_double() == nullptr)) {
        return refused(value, pointer, "wrong_type",
                       fmt::format("'{}' is a {}, not a value of type {}", setting.name, whole ? "whole number" : "number", value.type_name()));
    }
    const auto number = value.as_int() != nullptr ? static_cast<double>(*value.as_int()) : *value.as_double();
    if (setting.min && number < *setting.min) {
        return refused(value, pointer, "out_of_range", fmt::format("'{}' is at least {}, not {}", setting.name, *setting.min, number));
    }
    if (setting.max && number > *setting.max) {
        return refused(value, pointer, "out_of_range", fmt::format("'{}' is at most {}, not {}", setting.name, *setting.max, number));
    }
    return std::nullopt;
}

void check_rules(const Setting& setting, ObjectReader& in) {
    const bool is_text = setting.type == SettingType::string;
    const bool is_number = setting.type == SettingType::integer || setting.type == SettingType::number;
    const auto only_for = [&](bool fits, std::string_view key, std::string_view types) {
        if (!fits && in.find(key) != nullptr) in.fail(key, "not_allowed", fmt::format("'{}' is for settings of type {}", key, types));
    };
    only_for(is_text, "pattern", "string");
    only_for(is_text, "max_length", "string");
    only_for(is_text, "multiline", "string");
    only_for(is_number, "min", "integer and number");
    only_for(is_number, "max", "integer and number");
    only_for(setting.type == SettingType::choice, "choices", "choice");
    if (setting.type == SettingType::choice && setting.choices.empty()) in.fail("choices", "required", "a setting of type choice lists its choices");
    if (setting.min && setting.max && *setting.min > *setting.max) in.fail("min", "out_of_range", "'min' is above 'max'");
    if (setting.size_max_bytes < 1 || setting.size_max_bytes > setting_size_most_bytes) {
        in.fail("max_length", "out_of_range",
                fmt::format("'max_length' is between 1 and {} bytes; put larger texts into files", setting_size_most_bytes));
    }
    if (!setting.pattern.empty()) {
        if (auto problem = pattern_problem(setting.pattern)) in.fail("pattern", "bad_format", std::move(*problem));
    }
    if (setting.required && !setting.initial.is_null())
        in.fail("default", "not_allowed", "a required setting has no default: somebody must decide it");
}

void decode_setting(const Value& value, const std::string& pointer, Errors& errors, Setting& out) {
    ObjectReader in(value, pointer, errors);
    const auto before = errors.list().size();
    in.required("type", out.type);
    in.optional("title", out.title);
    in.optional("description", out.description);
    in.optional("default", out.initial);
    in.optional("min", out.min);
    in.optional("max", out.max);
    in.optional("pattern", out.pattern);
    in.optional("max_length", out.size_max_bytes);
    in.optional("multiline", out.multiline);
    in.optional("choices", out.choices);
    in.optional("required", out.required);
    in.optional("link", out.link);
    in.optional("secret", out.secret);
    in.optional("restart_needed", out.restart_needed);
    if (!in.finish()) return;
    check_rules(out, in);
    if (errors.list().size() != before || out.initial.is_null()) return;
    if (auto problem = problem_with(out, out.initial, in.pointer("default"))) {
        errors.add(problem->pointer, problem->code, problem->detail, problem->mark);
    }
}

}  // namespace

bool decode_settings(const Value& value, const std::string& pointer, Errors& errors, std::vector<Setting>& out) {
    const auto* members = value.as_object();
    if (members == nullptr) {
        errors.add(pointer, "wrong_type", "an object of settings by name is expected here", value.mark());
        return false;
    }
    const auto before = errors.list().size();
    for (const auto& [name, member] : *members) {
        const auto place = pointer_to(pointer, name);
        if (!is_word(name)) errors.add(place, "bad_format", bad_word(name), member.mark());
        auto& setting = out.emplace_back();
        setting.name = name;
        decode_setting(member, place, errors, setting);
    }
    return errors.list().size() == before;
}

std::optional<FieldError> problem_with(const Setting& setting, const Value& value, const std::string& pointer) {
    switch (setting.type) {
    case SettingType::string: return problem_with_text(setting, value, pointer);
    case SettingType::choice: return problem_with_choice(setting, value, pointer);
    case SettingType::integer:
    case SettingType::number: return problem_with_number(setting, value, pointer);
    case SettingType::boolean:
        if (value.as_bool() != nullptr) return std::nullopt;
        return refused(value, pointer, "wrong_type", fmt::format("'{}' is true or false, not a value of type {}", setting.name, value.type_name()));
    }
    std::unreachable();
}

}  // namespace gk::catalog
