#pragma once

#include <cstdio>
#include <set>
#include <string>

#include "base/value.hpp"

namespace gk::programs {

// Shows an operation's steps as they go: on a terminal one line that is rewritten, in a pipe a plain line for each finished step. Goes to
// standard error, so that standard output holds nothing but the result.
class Progress {
public:
    enum class Style { terminal, lines, silent };
    Progress(Style style, std::FILE* out) : style_(style), out_(out) {}

    // `operation` as the API shows it. May be called as often as one likes.
    void show(const Value& operation);
    // Ends the rewritten line.
    void finish();

private:
    void line(const std::string& text);
    Style style_;
    std::FILE* out_;
    std::set<std::string> shown_;
    bool open_line_ = false;
};

// The table of --timings: ms for each step, and the whole.
std::string timings(const Value& operation);

}  // namespace gk::programs
