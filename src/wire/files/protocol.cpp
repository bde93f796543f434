#include "wire/files/protocol.hpp"

#include "base/assert.hpp"

namespace gk::wire::files {
namespace {

constexpr std::size_t name_size_max = 255;
constexpr std::size_t detail_size_max = 8192;

template <class Length>
void put(ByteWriter& out, ByteSpan run) {
    out.big_endian(static_cast<Length>(run.size())).bytes(run);
}

std::vector<std::byte> framed(const ByteWriter& body) {
    ASSERT(body.view().size() <= frame_size_max, "a frame keeps to its limit");
    ByteWriter frame;
    put<std::uint32_t>(frame, body.view());
    return frame.take();
}

// Reads fields one after the other; the first error sticks.
class Fields {
public:
    explicit Fields(ByteSpan body) : in_(body) {}

    template <class T>
    T number() {
        const auto read = in_.big_endian<T>();
        if (!read) fail(ParseError::truncated);
        return read.value_or(0);
    }
    template <class Length>
    ByteSpan run(std::size_t size_max) {
        const auto size = number<Length>();
        if (size > size_max) fail(ParseError::too_long);
        const auto read = error_ ? std::nullopt : in_.bytes(size);
        if (!read) fail(ParseError::truncated);
        return read.value_or(ByteSpan());
    }
    std::uint8_t below(std::uint8_t count) {
        const auto value = number<std::uint8_t>();
        if (value >= count) fail(ParseError::bad_value);
        return value < count ? value : std::uint8_t{0};
    }
    void fail(ParseError error) {
        if (!error_) error_ = error;
    }
    bool failed() const { return error_.has_value(); }
    std::optional<ParseError> finish() {
        if (!in_.empty()) fail(ParseError::trailing_bytes);
        return error_;
    }

private:
    ByteReader in_;
    std::optional<ParseError> error_;
};

void check_version(Fields& in) {
    if (in.number<std::uint8_t>() != version) in.fail(ParseError::bad_version);
}

std::vector<std::byte> copy(ByteSpan run) { return {run.begin(), run.end()}; }

Entry entry_from(Fields& in) {
    Entry entry;
    entry.name = as_text(in.run<std::uint16_t>(name_size_max));
    entry.type = static_cast<EntryType>(in.below(entry_type_count));
    entry.mode = in.number<std::uint32_t>();
    entry.size = static_cast<std::int64_t>(in.number<std::uint64_t>());
    entry.modified_ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
    // A name that could lead elsewhere is refused here already, for everybody behind us.
    if (entry.name.empty() || entry.name.find('/') != std::string::npos || entry.size < 0) in.fail(ParseError::bad_value);
    return entry;
}

}  // namespace

std::vector<std::byte> to_frame(const Request& request) {
    ASSERT(request.path.size() <= path_size_max && request.content.size() <= content_size_max, "a request keeps to its limits");
    ByteWriter body;
    body.big_endian(version).big_endian(std::to_underlying(request.operation)).big_endian(std::uint8_t{request.recursive});
    body.big_endian(request.size_max);
    put<std::uint16_t>(body, as_byte_span(request.path));
    put<std::uint32_t>(body, request.content);
    return framed(body);
}

std::vector<std::byte> to_frame(const Reply& reply) {
    ASSERT(reply.content.size() <= content_size_max && reply.entries.size() <= entries_max, "a reply keeps to its limits");
    ByteWriter body;
    body.big_endian(version).big_endian(std::to_underlying(reply.status));
    put<std::uint16_t>(body, as_byte_span(std::string_view(reply.detail).substr(0, detail_size_max)));
    put<std::uint32_t>(body, reply.content);
    body.big_endian(static_cast<std::uint32_t>(reply.entries.size()));
    for (const auto& entry : reply.entries) {
        put<std::uint16_t>(body, as_byte_span(entry.name));
        body.big_endian(std::to_underlying(entry.type)).big_endian(entry.mode);
        body.big_endian(static_cast<std::uint64_t>(entry.size)).big_endian(static_cast<std::uint64_t>(entry.modified_ms));
    }
    return framed(body);
}

Result<std::size_t, ParseError> parse_length(ByteSpan four_bytes) {
    ByteReader in(four_bytes);
    const auto size = in.big_endian<std::uint32_t>();
    if (!size) return std::unexpected(ParseError::truncated);
    if (*size > frame_size_max) return std::unexpected(ParseError::too_long);
    return std::size_t{*size};
}

Result<Request, ParseError> parse_request(ByteSpan body) {
    Fields in(body);
    check_version(in);
    Request request;
    request.operation = static_cast<Operation>(in.below(operation_count));
    request.recursive = in.below(2) == 1;
    request.size_max = in.number<std::uint64_t>();
    request.path = as_text(in.run<std::uint16_t>(path_size_max));
    request.content = copy(in.run<std::uint32_t>(content_size_max));
    if (const auto error = in.finish()) return std::unexpected(*error);
    return request;
}

Result<Reply, ParseError> parse_reply(ByteSpan body) {
    Fields in(body);
    check_version(in);
    Reply reply;
    reply.status = static_cast<Status>(in.below(status_count));
    reply.detail = as_text(in.run<std::uint16_t>(detail_size_max));
    reply.content = copy(in.run<std::uint32_t>(content_size_max));
    const auto count = in.number<std::uint32_t>();
    if (count > entries_max) in.fail(ParseError::too_long);
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) reply.entries.push_back(entry_from(in));
    if (const auto error = in.finish()) return std::unexpected(*error);
    return reply;
}

}  // namespace gk::wire::files
