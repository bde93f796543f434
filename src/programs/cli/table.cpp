#include "programs/cli/table.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::programs {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t wrap_width_min = 20;  // Narrower columns are harder to read than long lines.

std::string padded(std::string text, std::size_t size, std::size_t width) {
    text.append(width - std::min(width, size), ' ');
    return text;
}

void append_line(std::string& out, std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    out += line;
    out += '\n';
}

}  // namespace

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7F) out += c;
        else if (c == '\t') out += ' ';
        else out += fmt::format("\\x{:02x}", byte);
    }
    return out;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines = {""};
    for (const auto word : split(text, ' ')) {
        auto& line = lines.back();
        if (line.empty()) line = word;
        else if (characters(line) + 1 + characters(word) <= width) line += fmt::format(" {}", word);
        else lines.emplace_back(word);
    }
    return lines;
}

Table::Table(std::vector<std::string> header) : header_(std::move(header)) {}

void Table::add(std::vector<Cell> row) {
    row.resize(header_.size(), "");
    for (auto& cell : row) cell.text = printable(cell.text);
    rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths() const {
    std::vector<std::size_t> out(header_.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        for (const auto& row : rows_) out[i] = std::max(out[i], characters(row[i].text));
        if (out[i] > 0) out[i] = std::max(out[i], characters(header_[i]));
    }
    return out;
}

std::string Table::text(std::string_view when_empty, const Screen& screen) const {
    if (rows_.empty()) return fmt::format("{}\n", when_empty);
    const auto wide = widths();
    std::size_t last = 0;
    for (std::size_t i = 0; i < wide.size(); ++i) last = wide[i] > 0 ? i : last;
    std::size_t indent = 0;
    for (std::size_t i = 0; i < last; ++i) indent += wide[i] > 0 ? wide[i] + gap : 0;
    const bool wraps = screen.width >= indent + wrap_width_min;

    std::string out, line;
    for (std::size_t i = 0; i <= last; ++i) {
        if (wide[i] > 0) line += padded(header_[i], characters(header_[i]), wide[i] + gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out = screen.painted(Tone::faint, line) + '\n';
    for (const auto& row : rows_) {
        line.clear();
        for (std::size_t i = 0; i < last; ++i) {
            if (wide[i] > 0) line += padded(screen.painted(row[i].tone, row[i].text), characters(row[i].text), wide[i] + gap);
        }
        const auto parts = wraps ? wrapped(row[last].text, screen.width - indent) : std::vector{row[last].text};
        append_line(out, line + screen.painted(row[last].tone, parts.front()));
        for (const auto& part : parts | std::views::drop(1)) append_line(out, std::string(indent, ' ') + screen.painted(row[last].tone, part));
    }
    return out;
}

}  // namespace gk::programs
