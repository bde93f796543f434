#include "adapters/shim/log_files.hpp"

#include <algorithm>
#include <fstream>
#include <sys/stat.h>

#include <fmt/format.h>

#include "wire/shim/layout.hpp"
#include "wire/shim/log_source.hpp"

namespace gk::shim {

namespace fs = std::filesystem;
namespace layout = wire::shim::layout;

namespace {

constexpr std::size_t bytes_per_call = 1 << 20;

// The files of a folder as they were when it was listed.
class Folder final : public wire::shim::LogSource {
public:
    static Result<Folder, RuntimeError> list(const fs::path& path) {
        Folder folder(path);
        std::error_code error;
        fs::directory_iterator entry(path, error), end;
        if (error == std::errc::no_such_file_or_directory) return folder;
        for (; !error && entry != end; entry.increment(error)) {
            const auto base = layout::log_file_base(entry->path().filename().string());
            std::error_code gone;
            const auto size = entry->file_size(gone);
            if (base && !gone) folder.files_.push_back({*base, size});
        }
        if (error) {
            auto why = fmt::format("the log {} cannot be read: {}", path.string(), error.message());
            return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, std::move(why)});
        }
        std::ranges::sort(folder.files_, {}, &File::base);
        return folder;
    }

    std::vector<File> files() const override { return files_; }
    std::string part(std::uint64_t base, std::uint64_t from, std::size_t size_max) const override {
        std::ifstream in(path_ / layout::log_file_name(base), std::ios::binary);
        std::string bytes(size_max, '\0');
        in.seekg(static_cast<std::streamoff>(from));
        in.read(bytes.data(), static_cast<std::streamsize>(size_max));
        bytes.resize(in.gcount() > 0 ? static_cast<std::size_t>(in.gcount()) : 0);
        return bytes;
    }

private:
    explicit Folder(fs::path path) : path_(std::move(path)) {}
    fs::path path_;
    std::vector<File> files_;
};

}  // namespace

Result<std::vector<LogLine>, RuntimeError> LogFiles::read(std::uint64_t cursor, std::size_t lines_max) const {
    TRY(folder, Folder::list(folder_));
    std::vector<LogLine> lines;
    for (auto& line : wire::shim::lines_from(folder, cursor, lines_max, bytes_per_call)) {
        lines.push_back({.cursor = line.cursor, .at = line.at, .line = std::move(line.text)});
    }
    return lines;
}

Result<std::uint64_t, RuntimeError> LogFiles::cursor_from_end(std::size_t lines) const {
    TRY(folder, Folder::list(folder_));
    return wire::shim::start_of_last(folder, lines);
}

Time LogFiles::last_written() const {
    const auto folder = Folder::list(folder_);
    if (!folder || folder->files().empty()) return Time{};
    struct stat info{};
    const auto newest = folder_ / layout::log_file_name(folder->files().back().base);
    if (::stat(newest.c_str(), &info) != 0) return Time{};
    return Time(std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec)));
}

}  // namespace gk::shim
