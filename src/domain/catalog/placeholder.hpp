#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decode.hpp"
#include "base/result.hpp"
#include "base/value.hpp"

namespace gk::catalog {

// What stands for a placeholder such as "settings.max_users"; null when it has no value.
using Lookup = std::function<Value(std::string_view placeholder)>;

// A text with placeholders, "--port={{ports.game}}", or a value that has none. Filled in after a command line was split into its
// arguments, so that a hostile value never becomes a second argument; nothing is ever evaluated. "{{{{" stands for a literal "{{".
class Template {
public:
    Template() = default;
    // The error is a sentence about what is wrong with the text.
    static Result<Template, std::string> parse(std::string_view text, Mark mark = {});
    // A number, boolean or null that is taken as it is.
    static Template literal(Value value);

    std::vector<std::string_view> placeholders() const;
    // Where it stood in the definition.
    const Mark& mark() const { return mark_; }

    // A template that is one placeholder and nothing else keeps the type of its value (and null, when there is none); any other is a text, in
    // which a missing value is empty.
    Value fill(const Lookup& lookup) const;
    std::string fill_text(const Lookup& lookup) const;

    bool operator==(const Template& other) const {
        return pieces_ == other.pieces_ && is_literal_ == other.is_literal_ && literal_ == other.literal_;
    }

private:
    struct Piece {
        std::string text;  // Literal text, or the placeholder's name.
        bool is_placeholder = false;
        bool operator==(const Piece&) const = default;
    };
    std::vector<Piece> pieces_;
    Value literal_;
    bool is_literal_ = false;
    Mark mark_;
};

// How a value looks in a command line or a configuration file: true, 12, 0.5, a text as it is; null is empty.
std::string plain_text(const Value& value);

bool decode(const Value& value, const std::string& pointer, Errors& errors, Template& out);

}  // namespace gk::catalog
