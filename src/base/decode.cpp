#include "base/decode.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk {
namespace {

bool wrong_type(const Value& value, const std::string& pointer, Errors& errors, std::string_view wanted) {
    errors.add(pointer, "wrong_type", fmt::format("{} is expected here, not a value of type {}", wanted, value.type_name()), value.mark());
    return false;
}

}  // namespace

std::string pointer_to(std::string_view parent, std::string_view key) {
    std::string out(parent);
    out += '/';
    for (const char c : key) {
        if (c == '~') out += "~0";
        else if (c == '/') out += "~1";
        else out += c;
    }
    return out;
}

std::string pointer_to(std::string_view parent, std::size_t index) { return fmt::format("{}/{}", parent, index); }

bool decode(const Value& value, const std::string& pointer, Errors& errors, bool& out) {
    if (value.as_bool() == nullptr) return wrong_type(value, pointer, errors, "true or false");
    out = *value.as_bool();
    return true;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, std::string& out) {
    if (value.as_string() == nullptr) return wrong_type(value, pointer, errors, "a text");
    out = *value.as_string();
    return true;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, double& out) {
    if (value.as_int() != nullptr) out = static_cast<double>(*value.as_int());
    else if (value.as_double() != nullptr) out = *value.as_double();
    else return wrong_type(value, pointer, errors, "a number");
    return true;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Milliseconds& out) {
    const auto* text = value.as_string();
    if (text == nullptr) return wrong_type(value, pointer, errors, "a duration such as \"90s\"");
    const auto parsed = parse_duration(*text);
    if (!parsed) {
        errors.add(pointer, "bad_format", fmt::format("'{}' is no duration; write whole numbers with d, h, m, s or ms, such as \"1h30m\"", *text),
                   value.mark());
        return false;
    }
    out = *parsed;
    return true;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Time& out) {
    const auto* text = value.as_string();
    const auto parsed = text != nullptr ? parse_rfc3339(*text) : std::nullopt;
    if (!parsed) {
        errors.add(pointer, "bad_format", "a time such as \"2026-11-21T03:04:05.678Z\" is expected here", value.mark());
        return false;
    }
    out = *parsed;
    return true;
}

bool decode(const Value& value, const std::string&, Errors&, Value& out) {
    out = value;
    return true;
}

bool decode_integer(const Value& value, const std::string& pointer, Errors& errors, std::int64_t least, std::int64_t most, std::int64_t& out) {
    const auto* number = value.as_int();
    if (number == nullptr) return wrong_type(value, pointer, errors, "a whole number");
    if (*number < least || *number > most) {
        errors.add(pointer, "out_of_range", fmt::format("{} is not between {} and {}", *number, least, most), value.mark());
        return false;
    }
    out = *number;
    return true;
}

void add_bad_name(const Value& value, const std::string& pointer, Errors& errors, std::span<const std::string_view> names) {
    const auto allowed = fmt::format("{}", fmt::join(names, ", "));
    const auto* text = value.as_string();
    errors.add(pointer, text != nullptr ? "not_allowed" : "wrong_type",
               text != nullptr ? fmt::format("'{}' is not one of: {}", *text, allowed) : fmt::format("one of these is expected here: {}", allowed),
               value.mark());
}

ObjectReader::ObjectReader(const Value& value, std::string pointer, Errors& errors) : value_(value), pointer_(std::move(pointer)), errors_(errors) {
    if (value.as_object() == nullptr) good_ = wrong_type(value, pointer_, errors_, "an object");
}

const Value* ObjectReader::find(std::string_view key) {
    asked_.push_back(key);
    return value_.find(key);
}

void ObjectReader::missing(std::string_view key) {
    if (value_.as_object() == nullptr) return;  // Said already.
    good_ = false;
    errors_.add(pointer(key), "required", fmt::format("'{}' is missing", key), value_.mark());
}

void ObjectReader::fail(std::string_view key, std::string code, std::string detail) {
    good_ = false;
    const auto* member = value_.find(key);
    errors_.add(pointer(key), std::move(code), std::move(detail), member != nullptr ? member->mark() : value_.mark());
}

bool ObjectReader::finish() {
    const auto* members = value_.as_object();
    if (members == nullptr) return false;
    for (const auto& [name, member] : *members) {
        if (std::ranges::find(asked_, name) != asked_.end()) continue;
        good_ = false;
        const auto close = nearest(name, asked_);
        errors_.add(pointer(name), "unknown_field",
                    close.empty() ? fmt::format("'{}' is not known here; known are: {}", name, fmt::join(asked_, ", "))
                                  : fmt::format("'{}' is not known here; did you mean '{}'?", name, close),
                    member.mark());
    }
    return good_;
}

}  // namespace gk
