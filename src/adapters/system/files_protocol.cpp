#include "adapters/system/files_protocol.hpp"

#include "base/assert.hpp"

namespace gk::system {

using Kind = FilesError::Kind;
using wire::files::EntryType;
using wire::files::Status;

Status to_status(Kind kind) {
    switch (kind) {
    case Kind::not_found: return Status::not_found;
    case Kind::escapes: return Status::escapes;
    case Kind::exists: return Status::exists;
    case Kind::not_a_file: return Status::not_a_file;
    case Kind::not_a_directory: return Status::not_a_directory;
    case Kind::too_large: return Status::too_large;
    case Kind::no_space: return Status::no_space;
    case Kind::unavailable: return Status::unavailable;
    }
    std::unreachable();
}

Kind to_kind(Status status) {
    switch (status) {
    case Status::done: break;
    case Status::not_found: return Kind::not_found;
    case Status::escapes: return Kind::escapes;
    case Status::exists: return Kind::exists;
    case Status::not_a_file: return Kind::not_a_file;
    case Status::not_a_directory: return Kind::not_a_directory;
    case Status::too_large: return Kind::too_large;
    case Status::no_space: return Kind::no_space;
    case Status::unavailable: return Kind::unavailable;
    }
    ASSERT(status != Status::done, "success is no error");
    std::unreachable();
}

wire::files::Entry to_entry(const FileInfo& info) {
    // The order of the types is the same on both sides; the assertions below keep it so.
    static_assert(std::to_underlying(FileInfo::Type::file) == std::to_underlying(EntryType::file));
    static_assert(std::to_underlying(FileInfo::Type::directory) == std::to_underlying(EntryType::directory));
    static_assert(std::to_underlying(FileInfo::Type::link) == std::to_underlying(EntryType::link));
    static_assert(std::to_underlying(FileInfo::Type::other) == std::to_underlying(EntryType::other));
    return {.name = info.name,
            .type = static_cast<EntryType>(std::to_underlying(info.type)),
            .mode = info.mode,
            .size = info.size,
            .modified_ms = info.modified.time_since_epoch().count()};
}

FileInfo to_info(const wire::files::Entry& entry) {
    return {.name = entry.name,
            .type = static_cast<FileInfo::Type>(std::to_underlying(entry.type)),
            .size = entry.size,
            .modified = Time(Milliseconds(entry.modified_ms)),
            .mode = entry.mode};
}

}  // namespace gk::system
