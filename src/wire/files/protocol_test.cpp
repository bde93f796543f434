#include "wire/files/protocol.hpp"

#include <gtest/gtest.h>

namespace gk::wire::files {
namespace {

ByteSpan body_of(const std::vector<std::byte>& frame) { return ByteSpan(frame).subspan(length_size); }

std::vector<std::byte> bytes(std::string_view text) {
    const auto run = as_byte_span(text);
    return {run.begin(), run.end()};
}

const Request some_request{.operation = Operation::write, .recursive = true, .size_max = 77, .path = "worlds/world.sqlite", .content = bytes("abc")};
const Reply some_reply{.status = Status::not_a_file,
                       .detail = "this is a directory",
                       .content = bytes("xyz"),
                       .entries = {{.name = "map", .type = EntryType::directory, .mode = 0755, .size = 4096, .modified_ms = -5},
                                   {.name = "link", .type = EntryType::link, .mode = 0777, .size = 3, .modified_ms = 1700000000123}}};

TEST(FilesProtocol, ReadsBackWhatItWrote) {
    const auto request = to_frame(some_request);
    const auto reply = to_frame(some_reply);

    EXPECT_EQ(parse_length(request), request.size() - length_size);
    EXPECT_EQ(parse_request(body_of(request)), some_request);
    EXPECT_EQ(parse_reply(body_of(reply)), some_reply);
}

TEST(FilesProtocol, RefusesEveryPrefixAndAnyAddition) {
    const auto request = to_frame(some_request);
    const auto reply = to_frame(some_reply);

    for (std::size_t size = 0; size < body_of(request).size(); ++size) EXPECT_FALSE(parse_request(body_of(request).first(size))) << size;
    for (std::size_t size = 0; size < body_of(reply).size(); ++size) EXPECT_FALSE(parse_reply(body_of(reply).first(size))) << size;
    auto longer = request;
    longer.push_back(std::byte{0});
    EXPECT_EQ(parse_request(body_of(longer)).error(), ParseError::trailing_bytes);
}

TEST(FilesProtocol, RefusesWhatItDoesNotKnow) {
    auto frame = to_frame(some_request);
    frame[length_size] = std::byte{2};
    EXPECT_EQ(parse_request(body_of(frame)).error(), ParseError::bad_version);

    frame = to_frame(some_request);
    frame[length_size + 1] = std::byte{operation_count};
    EXPECT_EQ(parse_request(body_of(frame)).error(), ParseError::bad_value);

    frame = to_frame(some_reply);
    frame[length_size + 1] = std::byte{status_count};
    EXPECT_EQ(parse_reply(body_of(frame)).error(), ParseError::bad_value);
}

TEST(FilesProtocol, RefusesFramesThatAreTooLong) {
    ByteWriter length;
    length.big_endian(static_cast<std::uint32_t>(frame_size_max + 1));

    EXPECT_EQ(parse_length(length.view()).error(), ParseError::too_long);
}

TEST(FilesProtocol, RefusesNamesThatLeadElsewhere) {
    for (const std::string name : {"", "a/b", "/"}) {
        const Reply reply{.status = Status::done, .detail = "", .content = {}, .entries = {{.name = name}}};
        EXPECT_EQ(parse_reply(body_of(to_frame(reply))).error(), ParseError::bad_value) << name;
    }
}

}  // namespace
}  // namespace gk::wire::files
