#include "net/json/json.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

namespace gk::net {
namespace json = boost::json;
namespace {

using boost::system::error_code;
using Text = json::string_view;

// Builds a Value from the parser's events. The names of these functions are Boost's.
class Builder {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_array_begin(error_code&) { return open(Value(Value::Array())); }
    bool on_array_end(std::size_t, error_code&) { return close(); }
    bool on_object_begin(error_code&) { return open(Value(Value::Object())); }
    bool on_object_end(std::size_t, error_code& error) {
        if (find_duplicate(*open_.back().value.as_object(), error)) return false;
        return close();
    }
    bool on_string_part(Text part, std::size_t, error_code&) { return append(part); }
    bool on_string(Text part, std::size_t, error_code&) {
        append(part);
        return put(Value(take_text()));
    }
    bool on_key_part(Text part, std::size_t, error_code&) { return append(part); }
    bool on_key(Text part, std::size_t, error_code&) {
        append(part);
        open_.back().key = take_text();
        return true;
    }
    bool on_number_part(Text part, error_code&) { return append(part); }
    bool on_int64(std::int64_t number, Text, error_code&) {
        text_.clear();
        return put(Value(number));
    }
    bool on_uint64(std::uint64_t number, Text, error_code&) {
        text_.clear();
        return put(Value(static_cast<double>(number)));
    }
    // Boost 1.81 rounds doubles carelessly in the last digit, so the number is read from its text.
    bool on_double(double, Text part, error_code& error) {
        append(part);
        const auto digits = take_text();
        double number = 0;
        const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (failed == std::errc::result_out_of_range && !underflows(digits)) return refuse("the number is too large for a double", error);
        return put(Value(number + 0.0));  // Negative zero means nothing here, and would print as an integer.
    }
    bool on_bool(bool value, error_code&) { return put(Value(value)); }
    bool on_null(error_code&) { return put(Value()); }
    bool on_comment_part(Text, error_code&) { return true; }
    bool on_comment(Text, error_code&) { return true; }

    Value take() { return std::move(root_); }
    // Why one of the functions above ended the parse; empty when the parser itself did.
    const std::string& refusal() const { return refusal_; }

private:
    struct Open {
        Value value;
        std::string key;  // Of the member that is being read.
    };

    bool append(Text part) {
        text_.append(part.data(), part.size());
        return true;
    }
    std::string take_text() { return std::exchange(text_, {}); }
    bool open(Value value) {
        open_.push_back({std::move(value), {}});
        return true;
    }
    bool close() {
        auto value = std::move(open_.back().value);
        open_.pop_back();
        return put(std::move(value));
    }
    bool put(Value value) {
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (auto* items = open_.back().value.as_array()) {
            items->push_back(std::move(value));
        } else {
            open_.back().value.as_object()->emplace_back(std::move(open_.back().key), std::move(value));
        }
        return true;
    }
    bool refuse(std::string why, error_code& error) {
        refusal_ = std::move(why);
        error = json::error::syntax;
        return false;
    }
    // Once per object and by sorting: looking at each name as it comes would take minutes for a hostile body of short names.
    bool find_duplicate(const Value::Object& members, error_code& error) {
        std::vector<std::string_view> names;
        names.reserve(members.size());
        for (const auto& [name, value] : members) names.push_back(name);
        std::ranges::sort(names);
        const auto twice = std::ranges::adjacent_find(names);
        if (twice == names.end()) return false;
        std::string quoted;
        append_json_string(quoted, *twice);
        refuse(fmt::format("the name {} stands twice in one object; keep one of them", quoted), error);
        return true;
    }
    // from_chars reports 1e-999 and 1e999 alike.
    static bool underflows(std::string_view digits) {
        const auto exponent = digits.find_first_of("eE");
        return exponent != std::string_view::npos && exponent + 1 < digits.size() && digits[exponent + 1] == '-';
    }

    std::vector<Open> open_;
    std::string text_;
    Value root_;
    std::string refusal_;
};

std::string explanation(const error_code& error, const JsonLimits& limits) {
    if (error == json::error::too_deep) return fmt::format("arrays and objects are nested more than {} deep", limits.depth);
    if (error == json::error::incomplete) return "the text ends in the middle of a value";
    if (error == json::error::extra_data) return "there is something behind the end of the value; send one value only";
    if (error == json::error::syntax) return "this is not JSON";
    return "this is not JSON: " + error.message();
}

JsonError error_at(std::string_view text, std::size_t offset, std::string message) {
    const auto before = text.substr(0, std::min(offset, text.size()));
    const auto line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    const auto line = 1 + std::ranges::count(before, '\n');
    return {static_cast<int>(line), static_cast<int>(before.size() - line_start + 1), before.size(), std::move(message)};
}

}  // namespace

Result<Value, JsonError> parse_json(std::string_view text, JsonLimits limits) {
    if (text.size() > limits.size) {
        return std::unexpected(error_at({}, 0, fmt::format("the text has {} bytes, of which at most {} are allowed", text.size(), limits.size)));
    }
    json::parse_options options;
    options.max_depth = limits.depth;
    json::basic_parser<Builder> parser(options);
    error_code error;
    const auto consumed = parser.write_some(false, text.data(), text.size(), error);
    if (!error && consumed < text.size()) error = json::error::extra_data;
    if (error) {
        const auto& refusal = parser.handler().refusal();
        return std::unexpected(error_at(text, consumed, refusal.empty() ? explanation(error, limits) : refusal));
    }
    return parser.handler().take();
}

}  // namespace gk::net
