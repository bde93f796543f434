#include "shim/log_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <vector>

#include <fmt/format.h>

#include "shim/log_reader.hpp"
#include "wire/shim/layout.hpp"

namespace gk::shim {

namespace layout = wire::shim::layout;

ShimResult<LogWriter> LogWriter::open(int folder, wire::shim::Logging limits) {
    LogWriter writer(folder, limits);
    TRY_OK(writer.open_newest());
    return writer;
}

ShimResult<Success> LogWriter::open_newest() {
    TRY(bases, log_bases(folder_));
    bases_ = bases;
    if (bases_.empty()) bases_.push_back(0);
    TRY_OK(open_file(bases_.back()));
    end_torn_line();
    return Success{};
}

ShimResult<Success> LogWriter::open_file(std::uint64_t base) {
    const auto name = layout::log_file_name(base);
    Descriptor file(::openat(folder_, name.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
    struct stat info{};
    if (!file || ::fstat(file.get(), &info) != 0) return std::unexpected(system_error("the log file " + name));
    file_ = std::move(file);
    base_ = base;
    size_ = static_cast<std::uint64_t>(info.st_size);
    return Success{};
}

// A machine that went down can leave half a line.
void LogWriter::end_torn_line() {
    char last = '\n';
    if (size_ > 0) [[maybe_unused]]
        const auto count = ::pread(file_.get(), &last, 1, static_cast<off_t>(size_ - 1));
    if (last != '\n' && ::write(file_.get(), "\n", 1) == 1) ++size_;
}

void LogWriter::append(Time at, std::string_view line) {
    pending_ += rfc3339(at);
    pending_ += ' ';
    pending_ += line;
    pending_ += '\n';
    ++pending_lines_;
    if (size_ + pending_.size() >= limits_.file_bytes) flush();
}

void LogWriter::flush() {
    if (pending_.empty()) return;
    if (size_ >= limits_.file_bytes) rotate();
    if (lost_lines_ > 0) {
        std::string note = rfc3339(wall_now()) + fmt::format(" gamekeeper: {} lines could not be written here\n", lost_lines_);
        pending_.insert(0, note);
    }
    if (write_pending()) {
        size_ += pending_.size();
        lost_lines_ = 0;
        if (echo_ >= 0) [[maybe_unused]]
            const auto count = ::write(echo_, pending_.data(), pending_.size());
    } else {
        lost_lines_ += pending_lines_;
        // What was written of it goes again, so that cursors stay true and no line is torn.
        [[maybe_unused]] const auto cut = ::ftruncate(file_.get(), static_cast<off_t>(size_));
    }
    pending_.clear();
    pending_lines_ = 0;
}

bool LogWriter::write_pending() {
    std::string_view rest = pending_;
    while (!rest.empty()) {
        const auto count = ::write(file_.get(), rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void LogWriter::rotate() {
    const auto next = base_ + size_;
    if (!open_file(next)) return;  // The old file goes on growing: better than losing lines.
    bases_.push_back(next);
    while (bases_.size() > std::max<std::uint32_t>(limits_.files, 1)) {
        ::unlinkat(folder_, layout::log_file_name(bases_.front()).c_str(), 0);
        bases_.pop_front();
    }
}

}  // namespace gk::shim
