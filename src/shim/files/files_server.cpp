#include "shim/files/files_server.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

#include "base/log.hpp"

namespace gk::shim {
namespace {

namespace wire = gk::wire::files;

bool receive_all(int connection, std::span<std::byte> out) {
    while (!out.empty()) {
        const auto got = recv(connection, out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        out = out.subspan(static_cast<std::size_t>(got));
    }
    return true;
}

bool send_all(int connection, ByteSpan bytes) {
    while (!bytes.empty()) {
        const auto sent = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

wire::Reply refused(const FilesRefusal& why) { return {.status = why.status, .detail = why.detail, .content = {}, .entries = {}}; }

wire::Reply reply_to_list(const ConfinedFiles& files, const wire::Request& request) {
    auto entries = files.list(request.path);
    if (!entries) return refused(entries.error());
    wire::Reply reply;
    reply.entries = std::move(*entries);
    return reply;
}

wire::Reply reply_to_read(const ConfinedFiles& files, const wire::Request& request) {
    const auto size_max = static_cast<std::size_t>(std::min<std::uint64_t>(request.size_max, wire::content_size_max));
    auto content = files.read(request.path, size_max);
    if (!content) return refused(content.error());
    wire::Reply reply;
    reply.content = std::move(*content);
    return reply;
}

wire::Reply reply_to_change(const Result<Success, FilesRefusal>& changed) { return changed ? wire::Reply() : refused(changed.error()); }

}  // namespace

wire::Reply reply_to(const ConfinedFiles& files, const wire::Request& request) {
    switch (request.operation) {
    case wire::Operation::list: return reply_to_list(files, request);
    case wire::Operation::read: return reply_to_read(files, request);
    case wire::Operation::write: return reply_to_change(files.write(request.path, request.content));
    case wire::Operation::remove: return reply_to_change(files.remove(request.path, request.recursive));
    }
    std::unreachable();
}

namespace {

// False when the other side is gone or does not keep to the protocol.
bool serve_one(int connection, const ConfinedFiles& files) {
    std::array<std::byte, wire::length_size> length{};
    if (!receive_all(connection, length)) return false;
    const auto size = wire::parse_length(length);
    if (!size) return false;
    std::vector<std::byte> body(*size);
    if (!receive_all(connection, body)) return false;
    const auto request = wire::parse_request(body);
    if (!request) return false;
    return send_all(connection, wire::to_frame(reply_to(files, *request)));
}

}  // namespace

int files_server_main(int connection, const std::string& directory) {
    const Descriptor owned(connection);
    const auto files = ConfinedFiles::open(directory);
    if (!files) {
        log::error("files", "world not opened", {{"directory", directory}, {"detail", files.error().detail}});
        return 1;
    }
    while (serve_one(connection, *files)) {
    }
    return 0;
}

}  // namespace gk::shim
