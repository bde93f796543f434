#include "adapters/kubernetes/objects/conditions.hpp"

#include <algorithm>
#include <utility>

#include <fmt/chrono.h>

#include "wire/kubernetes/object.hpp"

namespace gk::kubernetes {

using wire::kubernetes::text_at;

namespace {

// The API's times have whole seconds.
std::string second_text(Time time) {
    auto text = rfc3339(time);
    const auto point = text.find('.');
    return point == std::string::npos ? text : text.substr(0, point) + "Z";
}

Value document(const Condition& condition, std::string since) {
    return Value::object({{"type", condition.type},
                          {"status", condition.status},
                          {"reason", condition.reason},
                          {"message", condition.message},
                          {"lastTransitionTime", std::move(since)}});
}

Value* find(Value::Array& conditions, std::string_view type) {
    const auto found = std::ranges::find_if(conditions, [&](const Value& it) { return text_at(it, {"type"}) == type; });
    return found != conditions.end() ? &*found : nullptr;
}

}  // namespace

Value conditions_in(const Value& status) {
    const auto* found = status.find("conditions");
    return found != nullptr && found->as_array() != nullptr ? *found : Value(Value::Array());
}

std::optional<Condition> condition_in(const Value& conditions, std::string_view type) {
    for (const auto& it : *conditions.as_array()) {
        if (text_at(it, {"type"}) != type) continue;
        return Condition{.type = std::string(type),
                         .status = std::string(text_at(it, {"status"})),
                         .reason = std::string(text_at(it, {"reason"})),
                         .message = std::string(text_at(it, {"message"}))};
    }
    return std::nullopt;
}

Value with_condition(Value conditions, const Condition& condition, Time now) {
    auto& list = *conditions.as_array();
    if (auto* known = find(list, condition.type)) {
        const bool is_same = text_at(*known, {"status"}) == condition.status;
        *known = document(condition, is_same ? std::string(text_at(*known, {"lastTransitionTime"})) : second_text(now));
    } else {
        list.push_back(document(condition, second_text(now)));
    }
    return conditions;
}

std::string camel_case(std::string_view code) {
    std::string out;
    bool begins = true;
    for (const char c : code) {
        if (c == '_') {
            begins = true;
            continue;
        }
        out += begins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        begins = false;
    }
    return out;
}

std::string snake_case(std::string_view reason) {
    std::string out;
    for (const char c : reason) {
        const bool is_capital = c >= 'A' && c <= 'Z';
        if (is_capital && !out.empty()) out += '_';
        out += is_capital ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

}  // namespace gk::kubernetes
