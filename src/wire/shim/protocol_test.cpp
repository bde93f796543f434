#include "wire/shim/protocol.hpp"

#include <gtest/gtest.h>

namespace gk::wire::shim {
namespace {

Exit some_exit() {
    return {.cause = Cause::out_of_memory, .signal = 9, .code = {}, .at = Time(Milliseconds(5)), .tail = "a\nb", .memory_peak_bytes = 77};
}

Status some_status() {
    return {.phase = Phase::exited,
            .epoch = Epoch{3},
            .started_at = Time(Milliseconds(9)),
            .log_end = 123,
            .online = 2,
            .players_max = 16,
            .names = {"ann", "bob"},
            .quiesced = true,
            .exit = some_exit()};
}

TEST(ShimProtocol, ReadsBackARequest) {
    const Request request{.id = 4, .epoch = Epoch{2}, .op = Op::command, .text = "say hello"};

    const auto read = read_request(encode(request));

    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->message, request);
    EXPECT_EQ(read->size, encode(request).size());
}

TEST(ShimProtocol, ReadsBackWhatTheShimSays) {
    const Answer answer{.id = 4, .outcome = Outcome::stale, .text = "epoch 3 has spoken"};

    EXPECT_EQ(read_from_shim(encode(answer))->message, FromShim(answer));
    EXPECT_EQ(read_from_shim(encode(some_status()))->message, FromShim(some_status()));
}

TEST(ShimProtocol, AwaitsTheRestOfEveryPrefix) {
    const auto request = encode(Request{.id = 1, .epoch = Epoch{1}, .op = Op::hello, .text = "x"});
    const auto status = encode(some_status());

    for (std::size_t size = 0; size < request.size(); ++size) {
        const auto read = read_request(ByteSpan(request).first(size));
        ASSERT_TRUE(read.has_value());
        EXPECT_FALSE(read->message);
    }
    for (std::size_t size = 0; size < status.size(); ++size) EXPECT_FALSE(read_from_shim(ByteSpan(status).first(size))->message);
}

// A frame whose count is honest about a body that was cut: every one is refused, none is read as something shorter.
TEST(ShimProtocol, RefusesAFrameWhoseFieldsAreCut) {
    const auto whole = encode(some_status());

    for (std::size_t size = 4; size < whole.size(); ++size) {
        ByteWriter cut;
        cut.big_endian(static_cast<std::uint32_t>(size - 4)).bytes(ByteSpan(whole).subspan(4, size - 4));
        EXPECT_FALSE(read_from_shim(cut.view())) << size;
    }
}

TEST(ShimProtocol, SaysWhichOpsAShimKnows) {
    EXPECT_TRUE(knows(hello_text(), Op::tell));
    EXPECT_FALSE(knows("15", Op::tell));
    EXPECT_FALSE(knows("", Op::tell)) << "shims from before it answered so";
    EXPECT_TRUE(knows("", Op::program));
}

TEST(ShimProtocol, RefusesImpossibleFrames) {
    auto newer = encode(Request{});
    newer[4] = std::byte{9};
    auto unknown_op = encode(Request{});
    unknown_op[18] = std::byte{200};
    ByteWriter huge;
    huge.big_endian(std::uint32_t{request_size_max + 1});
    ByteWriter empty;
    empty.big_endian(std::uint32_t{0});

    EXPECT_EQ(read_request(newer).error(), ParseError::bad_version);
    EXPECT_EQ(read_request(unknown_op).error(), ParseError::bad_value);
    EXPECT_EQ(read_request(huge.view()).error(), ParseError::bad_length);
    EXPECT_EQ(read_request(empty.view()).error(), ParseError::bad_length);
    EXPECT_EQ(read_request(encode(Answer{})).error(), ParseError::bad_value);
    EXPECT_EQ(read_from_shim(encode(Request{})).error(), ParseError::bad_value);
}

TEST(ShimExit, ReadsBackWhatItWroteAndRefusesEveryPrefix) {
    const auto bytes = encode(some_exit());

    EXPECT_EQ(*decode_exit(bytes), some_exit());
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_exit(ByteSpan(bytes).first(size)));
}

}  // namespace
}  // namespace gk::wire::shim
