#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace gk::shim {

inline constexpr std::size_t line_bytes_max = 8192;

// Makes lines that are safe to store, match and show of what a game prints: escape sequences of terminals and control characters are
// taken out, bytes that are no UTF-8 become U+FFFD. Ends of lines are LF, CR LF and lone CR. A line that is longer than line_bytes_max
// goes on in the next.
class LineSplitter {
public:
    using Sink = std::function<void(std::string_view line)>;
    explicit LineSplitter(Sink sink) : sink_(std::move(sink)) {}

    void feed(std::string_view bytes);
    // What came after the last end of line is a line too: the process has ended.
    void finish();

private:
    enum class State : unsigned char { text, escape, sequence, string, string_escape };
    void take(char c);
    void take_text(char c);
    void take_escape(char c);
    void end_line();

    Sink sink_;
    std::string line_;
    State state_ = State::text;
    bool after_return_ = false;
};

// Replaces what is no UTF-8 by U+FFFD and drops control characters other than the tabulator.
std::string plain_text(std::string_view text);

}  // namespace gk::shim
