#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "programs/cli/screen.hpp"

namespace gk::programs {

struct Cell {
    std::string text;
    Tone tone = Tone::plain;
    Cell(std::string words, Tone meaning = Tone::plain) : text(std::move(words)), tone(meaning) {}
    Cell(const char* words) : text(words) {}
};

// Columns as wide as their widest cell, two blanks apart, with a header in capitals. A column without any text is left out. Widths count
// characters (code points), not bytes.
class Table {
public:
    explicit Table(std::vector<std::string> header);
    void add(std::vector<Cell> row);
    // Ends with a line break; without rows only `when_empty` is said. On a screen with a width the last column is wrapped into it, between words.
    std::string text(std::string_view when_empty, const Screen& screen) const;

private:
    std::vector<std::size_t> widths() const;
    std::vector<std::string> header_;
    std::vector<std::vector<Cell>> rows_;
};

std::size_t characters(std::string_view utf8);
// Control characters of a foreign text are shown, never obeyed: what a game logs must not steer a terminal.
std::string printable(std::string_view text);
// Breaks a text between words into lines of at most `width` characters; a longer word gets a line of its own.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace gk::programs
