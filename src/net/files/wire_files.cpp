#include "net/files/wire_files.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"

namespace gk::net {
namespace {

using Kind = FilesError::Kind;
using wire::files::EntryType;
using wire::files::Operation;
using wire::files::Reply;
using wire::files::Request;
using wire::files::Status;

// Of a status that is not `done`.
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

FileInfo to_info(const wire::files::Entry& entry) {
    // The protocol counts its values itself, so that both ends may differ in age; here they are the same.
    static_assert(std::to_underlying(FileInfo::Type::file) == std::to_underlying(EntryType::file));
    static_assert(std::to_underlying(FileInfo::Type::directory) == std::to_underlying(EntryType::directory));
    static_assert(std::to_underlying(FileInfo::Type::link) == std::to_underlying(EntryType::link));
    static_assert(std::to_underlying(FileInfo::Type::other) == std::to_underlying(EntryType::other));
    return {.name = entry.name,
            .type = static_cast<FileInfo::Type>(std::to_underlying(entry.type)),
            .size = entry.size,
            .modified = Time(Milliseconds(entry.modified_ms)),
            .mode = entry.mode};
}

}  // namespace

Files::Answer<Reply> WireFiles::done(ServerUid server, Request request) {
    if (request.path.size() > wire::files::path_size_max) {
        co_return std::unexpected(FilesError{Kind::escapes, "this path is too long to name anything in the world"});
    }
    auto reply = co_await ask(server, std::move(request));
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (reply->status != Status::done) co_return std::unexpected(FilesError{to_kind(reply->status), std::move(reply->detail)});
    co_return std::move(*reply);
}

Files::Answer<std::vector<FileInfo>> WireFiles::list(ServerUid server, std::string path) {
    Request request{.operation = Operation::list, .path = std::move(path), .content = {}};
    auto reply = co_await done(server, std::move(request));
    if (!reply) co_return std::unexpected(std::move(reply).error());
    std::vector<FileInfo> items;
    for (const auto& entry : reply->entries) items.push_back(to_info(entry));
    co_return items;
}

Files::Answer<std::vector<std::byte>> WireFiles::read(ServerUid server, std::string path, std::size_t size_max) {
    Request request{.operation = Operation::read, .size_max = size_max, .path = std::move(path), .content = {}};
    auto reply = co_await done(server, std::move(request));
    if (!reply) co_return std::unexpected(std::move(reply).error());
    co_return std::move(reply->content);
}

Files::Answer<Success> WireFiles::write(ServerUid server, std::string path, std::vector<std::byte> content) {
    if (content.size() > wire::files::content_size_max) {
        const auto why = fmt::format("{}: more than {} bytes cannot be written at once; use SFTP", path, wire::files::content_size_max);
        co_return std::unexpected(FilesError{Kind::too_large, why});
    }
    Request request{.operation = Operation::write, .path = std::move(path), .content = std::move(content)};
    const auto reply = co_await done(server, std::move(request));
    if (!reply) co_return std::unexpected(reply.error());
    co_return Success{};
}

Files::Answer<Success> WireFiles::remove(ServerUid server, std::string path, bool recursive) {
    Request request{.operation = Operation::remove, .recursive = recursive, .path = std::move(path), .content = {}};
    const auto reply = co_await done(server, std::move(request));
    if (!reply) co_return std::unexpected(reply.error());
    co_return Success{};
}

}  // namespace gk::net
