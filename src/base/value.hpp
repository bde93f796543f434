#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gk {

// Where a value stood in its document; line and column count from 1, 0 where the source has no lines (JSON bodies, databases).
struct Mark {
    int line = 0;
    int column = 0;
    bool operator==(const Mark&) const = default;
};

// A document: what JSON and YAML have in common. Objects keep the order of their keys and never hold one twice (the parsers refuse that).
// Numbers without fraction or exponent that fit are int64; all others double. Owns everything below it.
class Value {
public:
    using Array = std::vector<Value>;
    using Member = std::pair<std::string, Value>;
    using Object = std::vector<Member>;

    Value() = default;  // null
    Value(bool v) : data_(v) {}
    Value(std::int64_t v) : data_(v) {}
    Value(int v) : data_(std::int64_t{v}) {}
    Value(double v) : data_(v) {}
    Value(std::string v) : data_(std::move(v)) {}
    Value(std::string_view v) : data_(std::string(v)) {}
    Value(const char* v) : data_(std::string(v)) {}
    Value(Array v) : data_(std::move(v)) {}
    Value(Object v) : data_(std::move(v)) {}
    // object({{"name", value}, ...}). The members are moved: an initializer_list would copy a whole tree once for each of its levels.
    static Value object() { return Value(Object()); }
    template <std::size_t count>
    static Value object(Member (&&members)[count]) {
        return Value(Object(std::move_iterator(members), std::move_iterator(members + count)));
    }
    template <std::size_t count>
    static Value array(Value (&&items)[count]) {
        return Value(Array(std::move_iterator(items), std::move_iterator(items + count)));
    }

    bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
    const bool* as_bool() const { return std::get_if<bool>(&data_); }
    const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&data_); }
    const double* as_double() const { return std::get_if<double>(&data_); }
    const std::string* as_string() const { return std::get_if<std::string>(&data_); }
    const Array* as_array() const { return std::get_if<Array>(&data_); }
    Array* as_array() { return std::get_if<Array>(&data_); }
    const Object* as_object() const { return std::get_if<Object>(&data_); }
    Object* as_object() { return std::get_if<Object>(&data_); }
    // "null", "boolean", "integer", "number", "string", "array" or "object".
    std::string_view type_name() const;

    // The member of that name, or null when there is none or this is no object. Valid until the object changes.
    const Value* find(std::string_view key) const;
    // Sets a member of an object (a null value becomes an object first) and returns it.
    Value& set(std::string_view key, Value value);

    const Mark& mark() const { return mark_; }
    void set_mark(Mark mark) { mark_ = mark; }

    // Equal content; marks do not count.
    bool operator==(const Value& other) const { return data_ == other.data_; }

private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
    Mark mark_;
};

// Compact JSON text, RFC 8259; strings must be UTF-8. Appends, so that large lists need no copies.
void append_json(std::string& out, const Value& value);
std::string to_json(const Value& value);
void append_json_string(std::string& out, std::string_view text);

}  // namespace gk
