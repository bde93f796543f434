#include "programs/cli/settings.hpp"

#include <charconv>

#include <fmt/format.h>

#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

const Value& setting_named(const Value& game, std::string_view name) {
    static const Value none;
    const auto* settings = member(game, "settings").as_array();
    if (settings == nullptr) return none;
    for (const auto& setting : *settings) {
        if (text_at(setting, "name") == name) return setting;
    }
    return none;
}

template <class Number>
Value number_or_text(const std::string& text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? Value(number) : Value(text);
}

Value choice_or_text(const Value& setting, const std::string& text) {
    const auto* choices = member(setting, "choices").as_array();
    if (choices == nullptr) return Value(text);
    for (const auto& choice : *choices) {
        if (choice.as_string() == nullptr && to_json(choice) == text) return choice;
    }
    return Value(text);
}

Value value_of(const Value& setting, const std::string& text) {
    const auto type = text_at(setting, "type");
    if (text == "null") return Value();
    if (type == "integer") return number_or_text<std::int64_t>(text);
    if (type == "number") return number_or_text<double>(text);
    if (type == "boolean" && (text == "true" || text == "false")) return Value(text == "true");
    if (type == "choice") return choice_or_text(setting, text);
    return Value(text);
}

}  // namespace

Result<Value, CommandError> settings_of(const Value& game, const std::vector<std::string>& pairs) {
    Value::Object out;
    for (const auto& pair : pairs) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) {
            return std::unexpected(CommandError{.exit = exit_usage, .message = fmt::format("'{}' is no setting; write NAME=VALUE", pair)});
        }
        auto name = pair.substr(0, equals);
        auto value = value_of(setting_named(game, name), pair.substr(equals + 1));
        out.emplace_back(std::move(name), std::move(value));
    }
    return Value(std::move(out));
}

}  // namespace gk::programs
