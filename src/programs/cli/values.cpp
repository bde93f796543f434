#include "programs/cli/values.hpp"

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

const Value::Array& items_of(const Value& list) {
    static const Value::Array none;
    const auto* items = member(list, "items").as_array();
    return items != nullptr ? *items : none;
}

}  // namespace gk::programs
