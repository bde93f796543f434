#include "wire/shim/log_source.hpp"

#include <algorithm>
#include <ranges>

#include "wire/shim/layout.hpp"

namespace gk::wire::shim {

namespace {

constexpr std::size_t block_size = 64 * 1024;

// "2026-11-21T03:04:05.678Z text". What is not of that form (a torn line) is told whole, with no time.
LogLine line_of(std::string_view text, std::uint64_t cursor) {
    const auto time = text.size() > layout::log_stamp_size ? parse_rfc3339(text.substr(0, layout::log_stamp_size)) : std::nullopt;
    return {.cursor = cursor, .at = time.value_or(Time{}), .text = std::string(time ? text.substr(layout::log_stamp_size + 1) : text)};
}

// Where the line begins that holds this offset, or the next one when the offset is in the middle of one.
std::uint64_t line_start(const LogSource& log, std::uint64_t base, std::uint64_t offset) {
    if (offset == 0) return 0;
    const auto behind = log.part(base, offset - 1, block_size);
    const auto end = behind.find('\n');
    return end == std::string::npos ? offset - 1 + behind.size() : offset + end;
}

}  // namespace

std::vector<LogLine> lines_from(const LogSource& log, std::uint64_t cursor, std::size_t lines_max, std::size_t bytes_max) {
    std::vector<LogLine> lines;
    std::size_t room = bytes_max;
    for (const auto& file : log.files()) {
        if (file.base + file.size <= cursor) continue;
        const auto offset = line_start(log, file.base, cursor > file.base ? cursor - file.base : 0);
        const auto bytes = log.part(file.base, offset, room);
        std::size_t at = 0;
        for (auto end = bytes.find('\n'); end != std::string::npos && lines.size() < lines_max; end = bytes.find('\n', at)) {
            lines.push_back(line_of(std::string_view(bytes).substr(at, end - at), file.base + offset + end + 1));
            at = end + 1;
        }
        room -= std::min(room, bytes.size());
        // Only whole lines follow one another: what is cut off here begins the next call.
        if (room == 0 || lines.size() == lines_max) break;
    }
    return lines;
}

std::uint64_t start_of_last(const LogSource& log, std::size_t lines) {
    const auto files = log.files();
    if (files.empty()) return 0;
    if (lines == 0) return files.back().base + files.back().size;
    std::size_t ends_seen = 0;
    for (const auto& file : files | std::views::reverse) {
        for (auto end = file.size; end > 0;) {
            const auto from = end - std::min<std::uint64_t>(end, block_size);
            const auto block = log.part(file.base, from, static_cast<std::size_t>(end - from));
            for (auto i = block.size(); i > 0; --i) {
                if (block[i - 1] == '\n' && ++ends_seen > lines) return file.base + from + i;
            }
            end = from;
        }
    }
    return files.front().base;
}

}  // namespace gk::wire::shim
