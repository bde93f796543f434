#pragma once

#include <memory>
#include <optional>
#include <regex.h>
#include <string>
#include <string_view>

#include "shim/system.hpp"

namespace gk::shim {

// A POSIX extended expression, searched anywhere in a line. An empty one matches nothing.
class Pattern {
public:
    Pattern() = default;
    static ShimResult<Pattern> compile(const std::string& expression);

    bool is_empty() const { return regex_ == nullptr; }
    bool matches(const std::string& line) const;
    // The text of the first group; nullopt when the line does not match or the expression has no group.
    std::optional<std::string> first_group(const std::string& line) const;

private:
    struct Free {
        void operator()(regex_t* regex) const {
            ::regfree(regex);
            delete regex;
        }
    };
    std::unique_ptr<regex_t, Free> regex_;
};

}  // namespace gk::shim
