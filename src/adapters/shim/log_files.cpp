#include "adapters/shim/log_files.hpp"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <sys/stat.h>

#include <fmt/format.h>

#include "wire/shim/layout.hpp"

namespace gk::shim {

namespace fs = std::filesystem;
namespace layout = wire::shim::layout;

namespace {

constexpr std::size_t bytes_per_call = 1 << 20;
constexpr std::size_t block_size = 64 * 1024;

std::unexpected<RuntimeError> unreadable(const fs::path& path, const std::string& why) {
    return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, fmt::format("the log {} cannot be read: {}", path.string(), why)});
}

// Bytes [from, from + size_max) of the file, fewer at its end. A file that rotation has just removed is empty.
std::string read_part(const fs::path& path, std::uint64_t from, std::size_t size_max) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes(size_max, '\0');
    in.seekg(static_cast<std::streamoff>(from));
    in.read(bytes.data(), static_cast<std::streamsize>(size_max));
    bytes.resize(in.gcount() > 0 ? static_cast<std::size_t>(in.gcount()) : 0);
    return bytes;
}

// "2026-11-21T03:04:05.678Z text". What is not of that form (a torn line) is told whole, with no time.
LogLine parse_line(std::string_view text, std::uint64_t cursor) {
    const auto time = text.size() > layout::log_stamp_size ? parse_rfc3339(text.substr(0, layout::log_stamp_size)) : std::nullopt;
    const auto line = time ? text.substr(layout::log_stamp_size + 1) : text;
    return {.cursor = cursor, .at = time.value_or(Time{}), .line = std::string(line)};
}

// Where the line begins that holds this offset, or the next one when the offset is in the middle of one.
std::uint64_t line_start(const fs::path& path, std::uint64_t offset) {
    if (offset == 0) return 0;
    const auto behind = read_part(path, offset - 1, block_size);
    const auto end = behind.find('\n');
    return end == std::string::npos ? offset - 1 + behind.size() : offset + end;
}

}  // namespace

Result<std::vector<LogFiles::File>, RuntimeError> LogFiles::files() const {
    std::vector<File> found;
    std::error_code error;
    fs::directory_iterator entry(folder_, error), end;
    if (error == std::errc::no_such_file_or_directory) return found;
    for (; !error && entry != end; entry.increment(error)) {
        const auto base = layout::log_file_base(entry->path().filename().string());
        std::error_code gone;
        const auto size = entry->file_size(gone);
        if (base && !gone) found.push_back({*base, size, entry->path()});
    }
    if (error) return unreadable(folder_, error.message());
    std::ranges::sort(found, {}, &File::base);
    return found;
}

Result<std::vector<LogLine>, RuntimeError> LogFiles::read(std::uint64_t cursor, std::size_t lines_max) const {
    TRY(all, files());
    std::vector<LogLine> lines;
    std::size_t room = bytes_per_call;
    for (const auto& file : all) {
        if (file.base + file.size <= cursor) continue;
        auto offset = line_start(file.path, cursor > file.base ? cursor - file.base : 0);
        const auto bytes = read_part(file.path, offset, room);
        std::size_t at = 0;
        for (auto end = bytes.find('\n'); end != std::string::npos && lines.size() < lines_max; end = bytes.find('\n', at)) {
            lines.push_back(parse_line(std::string_view(bytes).substr(at, end - at), file.base + offset + end + 1));
            at = end + 1;
        }
        room -= std::min(room, bytes.size());
        // Only whole lines follow one another: what is cut off here begins the next call.
        if (room == 0 || lines.size() == lines_max) break;
    }
    return lines;
}

Result<std::uint64_t, RuntimeError> LogFiles::cursor_from_end(std::size_t lines) const {
    TRY(all, files());
    if (all.empty()) return std::uint64_t{0};
    if (lines == 0) return all.back().base + all.back().size;
    std::size_t ends_seen = 0;
    for (auto file = all.rbegin(); file != all.rend(); ++file) {
        for (auto end = file->size; end > 0;) {
            const auto from = end - std::min<std::uint64_t>(end, block_size);
            const auto block = read_part(file->path, from, static_cast<std::size_t>(end - from));
            for (auto i = block.size(); i > 0; --i) {
                if (block[i - 1] == '\n' && ++ends_seen > lines) return file->base + from + i;
            }
            end = from;
        }
    }
    return all.front().base;
}

Time LogFiles::last_written() const {
    const auto all = files();
    struct stat info{};
    if (!all || all->empty() || ::stat(all->back().path.c_str(), &info) != 0) return Time{};
    return Time(std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec)));
}

}  // namespace gk::shim
