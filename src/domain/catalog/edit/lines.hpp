#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gk::catalog {

// A text file as lines that keep their own ends, so that what is not touched is written back byte for byte.
class Lines {
public:
    explicit Lines(std::string_view content);

    std::size_t size() const { return lines_.size(); }
    // Without its end, and without the byte order mark that may begin a file.
    const std::string& operator[](std::size_t index) const { return lines_[index].text; }
    void replace(std::size_t index, std::string text) { lines_[index].text = std::move(text); }
    // Puts a line before `index`, or last, with the end that the file uses. A file whose last line has no end keeps that habit.
    void insert(std::size_t index, std::string text);
    void erase(std::size_t first, std::size_t last);  // [first, last)
    std::string text() const;

private:
    struct Line {
        std::string text;
        std::string end;  // "\n", "\r\n"; at the end of the file perhaps "" or "\r".
    };
    std::string mark_;  // The byte order mark, or nothing.
    std::string end_;   // What new lines end with.
    std::vector<Line> lines_;
};

// How many blanks and tabs begin the text.
std::size_t indent_of(std::string_view text);

}  // namespace gk::catalog
