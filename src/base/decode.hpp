#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.hpp"
#include "base/time.hpp"
#include "base/value.hpp"

namespace gk {

// One thing wrong with a document. `pointer` is an RFC 6901 JSON pointer to the place ("/settings/max_users"), `code` a stable word
// ("required", "unknown_field", "wrong_type", "out_of_range", "not_allowed", "bad_format"), `detail` a sentence with cause and cure.
struct FieldError {
    std::string pointer;
    std::string code;
    std::string detail;
    Mark mark;
    bool operator==(const FieldError&) const = default;
};

// Collects every error of a document, so that people see all of them at once.
class Errors {
public:
    void add(std::string pointer, std::string code, std::string detail, Mark mark = {}) {
        list_.push_back({std::move(pointer), std::move(code), std::move(detail), mark});
    }
    bool empty() const { return list_.empty(); }
    const std::vector<FieldError>& list() const { return list_; }
    std::vector<FieldError> take() { return std::move(list_); }

private:
    std::vector<FieldError> list_;
};

// "/a" + "b/c" -> "/a/b~1c".
std::string pointer_to(std::string_view parent, std::string_view key);
std::string pointer_to(std::string_view parent, std::size_t index);

// decode() reads a value of a type and returns false after it has added what is wrong. A type of our own gets its own overload,
// found by argument-dependent lookup: bool decode(const Value&, const std::string& pointer, Errors&, Type& out).
bool decode(const Value& value, const std::string& pointer, Errors& errors, bool& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, std::string& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, double& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Milliseconds& out);  // "90s"
bool decode(const Value& value, const std::string& pointer, Errors& errors, Time& out);          // RFC 3339
bool decode(const Value& value, const std::string& pointer, Errors& errors, Value& out);         // As it is.
bool decode_integer(const Value& value, const std::string& pointer, Errors& errors, std::int64_t least, std::int64_t most, std::int64_t& out);
void add_bad_name(const Value& value, const std::string& pointer, Errors& errors, std::span<const std::string_view> names);

template <std::integral T>
    requires(!std::same_as<T, bool>)
bool decode(const Value& value, const std::string& pointer, Errors& errors, T& out) {
    std::int64_t wide = 0;
    constexpr auto most = static_cast<std::int64_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(std::numeric_limits<T>::max()),
                                                                            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
    constexpr auto least = static_cast<std::int64_t>(std::numeric_limits<T>::min());
    if (!decode_integer(value, pointer, errors, least, most, wide)) return false;
    out = static_cast<T>(wide);
    return true;
}

template <class E>
    requires requires { names_of(E{}); }
bool decode(const Value& value, const std::string& pointer, Errors& errors, E& out) {
    const auto* text = value.as_string();
    const auto found = text != nullptr ? from_name<E>(*text) : std::nullopt;
    if (!found) {
        add_bad_name(value, pointer, errors, names_of(E{}));
        return false;
    }
    out = *found;
    return true;
}

template <class T>
bool decode(const Value& value, const std::string& pointer, Errors& errors, std::optional<T>& out) {
    return decode(value, pointer, errors, out.emplace());
}

template <class T>
bool decode(const Value& value, const std::string& pointer, Errors& errors, std::vector<T>& out) {
    const auto* items = value.as_array();
    if (items == nullptr) {
        errors.add(pointer, "wrong_type", "a list is expected here, not a value of type " + std::string(value.type_name()), value.mark());
        return false;
    }
    bool good = true;
    out.clear();
    for (std::size_t i = 0; i < items->size(); ++i) good &= decode((*items)[i], pointer_to(pointer, i), errors, out.emplace_back());
    return good;
}

template <class T>
bool decode(const Value& value, const std::string& pointer, Errors& errors, std::map<std::string, T>& out) {
    const auto* members = value.as_object();
    if (members == nullptr) {
        errors.add(pointer, "wrong_type", "an object is expected here, not a value of type " + std::string(value.type_name()), value.mark());
        return false;
    }
    bool good = true;
    out.clear();
    for (const auto& [name, member] : *members) good &= decode(member, pointer_to(pointer, name), errors, out[name]);
    return good;
}

// Reads the members of an object by name; whatever was not asked for when finish() is called is an unknown field.
//     ObjectReader in(value, "", errors);
//     in.required("id", out.id);
//     in.optional("labels", out.labels);
//     return in.finish();
class ObjectReader {
public:
    ObjectReader(const Value& value, std::string pointer, Errors& errors);

    template <class T>
    void required(std::string_view key, T& out) {
        if (const auto* member = find(key)) good_ &= decode(*member, pointer_to(pointer_, key), errors_, out);
        else missing(key);
    }
    // Leaves `out` as it is when the member is absent or null.
    template <class T>
    void optional(std::string_view key, T& out) {
        if (const auto* member = find(key); member != nullptr && !member->is_null()) {
            good_ &= decode(*member, pointer_to(pointer_, key), errors_, out);
        }
    }
    // The member, which counts as asked for; null when absent.
    const Value* find(std::string_view key);
    std::string pointer(std::string_view key) const { return pointer_to(pointer_, key); }
    void fail(std::string_view key, std::string code, std::string detail);
    // Reports unknown fields. True when nothing at all was wrong with this object.
    bool finish();
    // For documents that newer versions may have written: unknown members are no error.
    bool finish_lenient() const { return good_; }

private:
    void missing(std::string_view key);
    const Value& value_;
    std::string pointer_;
    Errors& errors_;
    std::vector<std::string_view> asked_;
    bool good_ = true;
};

}  // namespace gk
