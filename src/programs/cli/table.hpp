#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gk::programs {

// Columns as wide as their widest cell, two blanks apart, with a header in capitals. Widths count characters (code points), not bytes.
class Table {
public:
    explicit Table(std::vector<std::string> header);
    void add(std::vector<std::string> row);
    // Ends with a line break; without rows only `when_empty` is said.
    std::string text(std::string_view when_empty) const;

private:
    std::vector<std::vector<std::string>> rows_;  // The header first.
};

std::size_t characters(std::string_view utf8);
// Control characters of a foreign text are shown, never obeyed: what a game logs must not steer a terminal.
std::string printable(std::string_view text);

}  // namespace gk::programs
