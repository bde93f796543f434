#include "domain/catalog/pattern.hpp"

#include <array>
#include <regex.h>

#include <fmt/format.h>

namespace gk::catalog {
namespace {

class Expression {
public:
    explicit Expression(const std::string& pattern) : code_(regcomp(&compiled_, pattern.c_str(), REG_EXTENDED)) {}
    ~Expression() {
        if (code_ == 0) regfree(&compiled_);
    }
    Expression(const Expression&) = delete;
    Expression& operator=(const Expression&) = delete;

    bool good() const { return code_ == 0; }
    std::size_t groups() const { return compiled_.re_nsub; }
    bool finds(const std::string& text) const { return regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0; }
    std::string problem() const {
        std::array<char, 200> text{};
        regerror(code_, &compiled_, text.data(), text.size());
        return text.data();
    }

private:
    regex_t compiled_{};
    int code_;
};

}  // namespace

std::optional<std::string> pattern_problem(const std::string& pattern, std::size_t groups_least) {
    if (pattern.size() > pattern_size_max)
        return fmt::format("a pattern has at most {} characters, this one has {}", pattern_size_max, pattern.size());
    if (pattern.find('\0') != std::string::npos) return "a pattern cannot hold a NUL character";
    const Expression expression(pattern);
    if (!expression.good()) return fmt::format("'{}' is no POSIX extended regular expression: {}", pattern, expression.problem());
    if (expression.groups() < groups_least) return fmt::format("'{}' needs a group in parentheses around what is looked for", pattern);
    return std::nullopt;
}

bool matches_whole(const std::string& pattern, const std::string& text) {
    if (text.find('\0') != std::string::npos) return false;
    const Expression expression("^(" + pattern + ")$");
    return expression.good() && expression.finds(text);
}

}  // namespace gk::catalog
