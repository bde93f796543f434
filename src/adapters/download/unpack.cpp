#include "adapters/download/unpack.hpp"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <filesystem>
#include <locale.h>
#include <memory>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "adapters/download/failure.hpp"
#include "base/descriptor.hpp"
#include "base/text.hpp"

namespace gk::download {
namespace {

using Kind = GameFilesError::Kind;
using Done = Result<Success, GameFilesError>;
using Parts = std::vector<std::string>;

std::unexpected<GameFilesError> refused(std::string detail) { return fail(Kind::refused, "the archive is refused: " + std::move(detail)); }

// The parts of a plain relative name; "./a//b/" is a, b. Nothing when it leads out or is no name.
std::optional<Parts> parts_of(std::string_view name) {
    if (name.starts_with('/') || name.find('\\') != std::string_view::npos) return std::nullopt;
    Parts out;
    for (const auto part : split(name, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == ".." || part.size() > 255) return std::nullopt;
        out.emplace_back(part);
    }
    return out;
}

// Whether a link that lies `depth` folders deep stays inside: ".." only in front, and not more of them than there are folders. A folder in the
// middle of the rest may be a link itself, but that one stays inside as well.
bool stays_inside(std::string_view target, std::size_t depth) {
    if (target.empty() || target.starts_with('/')) return false;
    std::size_t ups = 0;
    bool below = false;
    for (const auto part : split(target, '/')) {
        if (part == "..") {
            if (below || ++ups > depth) return false;
        } else if (!part.empty() && part != ".") {
            below = true;
        }
    }
    return true;
}

// The folder that is filled.
class Tree {
public:
    explicit Tree(const std::string& folder) : root_(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

    Done make_folder(const Parts& name) {
        TRY_OK(enter(name));
        return Success{};
    }
    Result<Descriptor, GameFilesError> make_file(const Parts& name, bool executable) {
        TRY(folder, enter_parent(name));
        Descriptor file(::openat(folder.get(), name.back().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, executable ? 0755 : 0644));
        if (!file) return failed(name);
        // The umask of whoever runs us is no matter of the game.
        if (::fchmod(file.get(), executable ? 0755 : 0644) != 0) return failed(name);
        return file;
    }
    Done make_link(const Parts& name, const std::string& target) {
        TRY(folder, enter_parent(name));
        if (::symlinkat(target.c_str(), folder.get(), name.back().c_str()) != 0) return failed(name);
        return Success{};
    }

private:
    Result<Descriptor, GameFilesError> enter_parent(Parts name) {
        name.pop_back();
        return enter(name);
    }
    // Makes what is missing on the way.
    Result<Descriptor, GameFilesError> enter(const Parts& name) {
        Descriptor at(::openat(root_.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
        for (const auto& part : name) {
            if (::mkdirat(at.get(), part.c_str(), 0755) == 0) {
                if (::fchmodat(at.get(), part.c_str(), 0755, 0) != 0) return failed(name);
            } else if (errno != EEXIST) {
                return failed(name);
            }
            at = Descriptor(::openat(at.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            if (!at) return failed(name);
        }
        return at;
    }
    static std::unexpected<GameFilesError> failed(const Parts& name) {
        const auto path = fmt::format("{}", fmt::join(name, "/"));
        if (errno == EEXIST) return refused(fmt::format("'{}' is in it twice", path));
        if (errno == ENOTDIR || errno == ELOOP) return refused(fmt::format("'{}' lies below something that is no folder", path));
        return fail_errno(fmt::format("'{}' could not be unpacked", path));
    }

    Descriptor root_;
};

// libarchive has no name for an entry whose letters the thread's encoding lacks, and a service runs in plain ASCII.
class Utf8 {
public:
    Utf8() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
        if (locale_ != nullptr) before_ = ::uselocale(locale_);
    }
    Utf8(const Utf8&) = delete;
    Utf8& operator=(const Utf8&) = delete;
    ~Utf8() {
        if (locale_ == nullptr) return;
        ::uselocale(before_);
        ::freelocale(locale_);
    }

private:
    locale_t locale_;
    locale_t before_ = nullptr;
};

struct CloseArchive {
    void operator()(archive* it) const { archive_read_free(it); }
};
using Reader = std::unique_ptr<archive, CloseArchive>;

// Only what libarchive reads by itself: for other compressions it would start programs.
Reader reader_for(catalog::Unpack kind) {
    Reader reader(archive_read_new());
    if (kind == catalog::Unpack::zip) {
        archive_read_support_format_zip(reader.get());
        return reader;
    }
    archive_read_support_format_tar(reader.get());
    using Support = int (*)(archive*);
    for (const Support support :
         {archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz, archive_read_support_filter_zstd}) {
        support(reader.get());
    }
    return reader;
}

class Unpacking {
public:
    Unpacking(Reader reader, int below, std::uint64_t bytes_max, const std::string& folder, const UnpackLimits& limits)
        : reader_(std::move(reader)),
          below_(static_cast<std::size_t>(below)),
          bytes_max_(bytes_max),
          tree_(folder),
          limits_(limits) {}

    Done run() {
        for (std::size_t count = 0;; ++count) {
            archive_entry* entry = nullptr;
            const int got = archive_read_next_header(reader_.get(), &entry);
            if (got == ARCHIVE_EOF) return count > 0 ? Done(Success{}) : refused("nothing is in it");
            // A warning is about what we do not use: owners, attributes.
            if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return refused(trouble());
            if (count == limits_.entries_max) return refused(fmt::format("it has more than {} entries", limits_.entries_max));
            TRY_OK(take(entry));
        }
    }

private:
    Done take(archive_entry* entry) {
        const char* text = archive_entry_pathname(entry);
        auto name = text != nullptr ? parts_of(text) : std::nullopt;
        if (!name) return refused(fmt::format("the name '{}' leads out of it", text != nullptr ? text : ""));
        if (name->size() > limits_.depth_max) return refused(fmt::format("'{}' lies more than {} folders deep", text, limits_.depth_max));
        name->erase(name->begin(), name->begin() + static_cast<std::ptrdiff_t>(std::min(below_, name->size())));
        if (name->empty()) return Success{};
        if (archive_entry_hardlink(entry) != nullptr) return refused(fmt::format("'{}' is a hard link", text));
        if (archive_entry_is_encrypted(entry) != 0) return refused(fmt::format("'{}' is encrypted", text));
        switch (archive_entry_filetype(entry)) {
        case AE_IFDIR: return tree_.make_folder(*name);
        case AE_IFREG: return write(*name, (archive_entry_perm(entry) & 0111) != 0);
        case AE_IFLNK: return link(*name, archive_entry_symlink(entry));
        default: return refused(fmt::format("'{}' is neither a file nor a folder nor a link", text));
        }
    }

    Done link(const Parts& name, const char* target) {
        if (target == nullptr || !stays_inside(target, name.size() - 1)) {
            return refused(fmt::format("the link '{}' leads out of it, to '{}'", fmt::join(name, "/"), target != nullptr ? target : ""));
        }
        return tree_.make_link(name, target);
    }

    Done write(const Parts& name, bool executable) {
        TRY(file, tree_.make_file(name, executable));
        for (;;) {
            const void* block = nullptr;
            std::size_t size = 0;
            la_int64_t at = 0;
            const int got = archive_read_data_block(reader_.get(), &block, &size, &at);
            if (got == ARCHIVE_EOF) return Success{};
            if (got != ARCHIVE_OK) return refused(trouble());
            bytes_ += size;
            if (bytes_ > bytes_max_ || std::cmp_greater(at, bytes_max_)) {
                return refused(fmt::format("its files are larger than {} MiB, more than such an archive should become", bytes_max_ >> 20));
            }
            if (!write_all(file.get(), static_cast<const char*>(block), size, at)) {
                return fail_errno(fmt::format("'{}' could not be unpacked", fmt::join(name, "/")));
            }
        }
    }

    static bool write_all(int file, const char* bytes, std::size_t size, la_int64_t at) {
        while (size > 0) {
            const auto count = ::pwrite(file, bytes, size, at);
            if (count < 0) return false;
            bytes += count;
            size -= static_cast<std::size_t>(count);
            at += count;
        }
        return true;
    }

    std::string trouble() const {
        const char* text = archive_error_string(reader_.get());
        return text != nullptr ? text : "it cannot be read";
    }

    Reader reader_;
    std::size_t below_;
    std::uint64_t bytes_max_;
    Tree tree_;
    const UnpackLimits& limits_;
    std::uint64_t bytes_ = 0;
};

}  // namespace

Done unpack(const std::string& path, catalog::Unpack kind, int below, const std::string& folder, const UnpackLimits& limits) {
    constexpr std::size_t piece = 1 << 18;
    const Utf8 names;
    auto reader = reader_for(kind);
    if (archive_read_open_filename(reader.get(), path.c_str(), piece) != ARCHIVE_OK) {
        return refused(fmt::format("it is no {} archive", name_of(kind)));
    }
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(path, error);
    if (error) return fail(Kind::unavailable, fmt::format("{}: {}", path, error.message()));
    const auto bytes_max = std::min(limits.bytes_max, limits.growth_free + size * limits.growth_max);
    return Unpacking(std::move(reader), below, bytes_max, folder, limits).run();
}

}  // namespace gk::download
