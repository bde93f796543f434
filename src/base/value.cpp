#include "base/value.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace gk {

std::string_view Value::type_name() const {
    static constexpr std::array<std::string_view, 7> names = {"null", "boolean", "integer", "number", "string", "array", "object"};
    return names[data_.index()];
}

const Value* Value::find(std::string_view key) const {
    const auto* members = as_object();
    if (members == nullptr) return nullptr;
    for (const auto& [name, value] : *members) {
        if (name == key) return &value;
    }
    return nullptr;
}

Value& Value::set(std::string_view key, Value value) {
    if (is_null()) data_ = Object();
    auto& members = std::get<Object>(data_);
    for (auto& [name, old] : members) {
        if (name == key) return old = std::move(value);
    }
    return members.emplace_back(std::string(key), std::move(value)).second;
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, plain, i - plain);
        plain = i + 1;
        switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        }
    }
    out.append(text, plain);
    out += '"';
}

void append_json(std::string& out, const Value& value) {
    if (const auto* text = value.as_string()) return append_json_string(out, *text);
    if (const auto* flag = value.as_bool()) {
        out += *flag ? "true" : "false";
    } else if (const auto* integer = value.as_int()) {
        fmt::format_to(std::back_inserter(out), "{}", *integer);
    } else if (const auto* number = value.as_double()) {
        // JSON has no infinities; a measurement that is none is unknown.
        if (std::isfinite(*number)) fmt::format_to(std::back_inserter(out), "{}", *number);
        else out += "null";
    } else if (const auto* items = value.as_array()) {
        char before = '[';
        for (const auto& item : *items) {
            out += before;
            append_json(out, item);
            before = ',';
        }
        out += items->empty() ? "[]" : "]";
    } else if (const auto* members = value.as_object()) {
        char before = '{';
        for (const auto& [name, member] : *members) {
            out += before;
            append_json_string(out, name);
            out += ':';
            append_json(out, member);
            before = ',';
        }
        out += members->empty() ? "{}" : "}";
    } else {
        out += "null";
    }
}

std::string to_json(const Value& value) {
    std::string out;
    append_json(out, value);
    return out;
}

}  // namespace gk
