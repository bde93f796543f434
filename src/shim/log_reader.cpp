#include "shim/log_reader.hpp"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "wire/shim/layout.hpp"

namespace gk::shim {

namespace layout = wire::shim::layout;

ShimResult<std::deque<std::uint64_t>> log_bases(int folder) {
    DIR* listing = ::fdopendir(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (listing == nullptr) return std::unexpected(system_error("the log folder"));
    std::deque<std::uint64_t> bases;
    while (const dirent* entry = ::readdir(listing)) {
        if (const auto base = layout::log_file_base(entry->d_name)) bases.push_back(*base);
    }
    ::closedir(listing);
    std::ranges::sort(bases);
    return bases;
}

Descriptor LogReader::open(std::uint64_t base) const {
    Descriptor file(::openat(folder_, layout::log_file_name(base).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info{};
    if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
    return file;
}

std::vector<LogReader::File> LogReader::files() const {
    std::vector<File> out;
    const auto bases = log_bases(folder_);
    if (!bases) return out;
    for (const auto base : *bases) {
        struct stat info{};
        const auto file = open(base);
        if (file && ::fstat(file.get(), &info) == 0) out.push_back({base, static_cast<std::uint64_t>(info.st_size)});
    }
    return out;
}

std::string LogReader::part(std::uint64_t base, std::uint64_t from, std::size_t size_max) const {
    const auto file = open(base);
    std::string bytes(file ? size_max : 0, '\0');
    const auto count = file ? ::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(from)) : 0;
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
}

}  // namespace gk::shim
