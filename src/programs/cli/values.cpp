#include "programs/cli/values.hpp"

#include <fmt/format.h>

namespace gk::programs {

const Value& member(const Value& object, std::string_view key) {
    static const Value none;
    const auto* found = object.find(key);
    return found != nullptr ? *found : none;
}

std::string text_at(const Value& object, std::string_view key) {
    const auto* text = member(object, key).as_string();
    return text != nullptr ? *text : std::string();
}

std::optional<std::int64_t> number_at(const Value& object, std::string_view key) {
    const auto* number = member(object, key).as_int();
    return number != nullptr ? std::optional(*number) : std::nullopt;
}

std::string count_at(const Value& object, std::string_view key) {
    const auto number = number_at(object, key);
    return number ? fmt::format("{}", *number) : std::string();
}

std::optional<double> real_at(const Value& object, std::string_view key) {
    const auto& value = member(object, key);
    if (value.as_int() != nullptr) return static_cast<double>(*value.as_int());
    return value.as_double() != nullptr ? std::optional(*value.as_double()) : std::nullopt;
}

const Value::Array& items_of(const Value& list) {
    static const Value::Array none;
    const auto* items = member(list, "items").as_array();
    return items != nullptr ? *items : none;
}

}  // namespace gk::programs
