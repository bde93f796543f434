#include "shim/pattern.hpp"

namespace gk::shim {

ShimResult<Pattern> Pattern::compile(const std::string& expression) {
    Pattern pattern;
    if (expression.empty()) return pattern;
    auto regex = std::make_unique<regex_t>();
    if (const int code = ::regcomp(regex.get(), expression.c_str(), REG_EXTENDED); code != 0) {
        char text[128];
        ::regerror(code, regex.get(), text, sizeof text);
        return std::unexpected(ShimError{"the pattern '" + expression + "' is no POSIX extended expression: " + text});
    }
    pattern.regex_.reset(regex.release());
    return pattern;
}

bool Pattern::matches(const std::string& line) const { return regex_ && ::regexec(regex_.get(), line.c_str(), 0, nullptr, 0) == 0; }

std::optional<std::string> Pattern::first_group(const std::string& line) const {
    regmatch_t found[2];
    if (!regex_ || ::regexec(regex_.get(), line.c_str(), 2, found, 0) != 0 || found[1].rm_so < 0) return std::nullopt;
    const auto begin = static_cast<std::size_t>(found[1].rm_so);
    return line.substr(begin, static_cast<std::size_t>(found[1].rm_eo) - begin);
}

}  // namespace gk::shim
