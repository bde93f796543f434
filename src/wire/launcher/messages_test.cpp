#include "wire/launcher/messages.hpp"

#include <gtest/gtest.h>

namespace gk::wire::launcher {
namespace {

const ServerUid server = *ServerUid::parse("0f8fad5b-d9cb-469f-a165-70867728950e");

std::vector<Request> one_of_each() {
    shim::Spec spec;
    spec.server = server;
    spec.program.argv = {"/usr/bin/game", "--world", "/data"};
    return {
        {1, SeeDisks{server}},
        {2, CreateDisk{server, Disk::staged, 7, 5120, true}},
        {3, RemoveDisk{server, Disk::live}},
        {4, SwitchDisk{server}},
        {5, OwnDisk{server, Disk::staged, 7}},
        {6, Launch{server, 7, spec, {{"/usr/share/games", "/games"}}, 500, 1024, {Port{8303}}}},
        {7, Kill{server}},
        {8, Clean{server}},
        {9, Forget{server}},
        {10, ListServers{}},
        {11, MeasureWorld{server}},
        {12, RunConfined{server,
                         Disk::live,
                         true,
                         false,
                         "/vault/a",
                         true,
                         true,
                         "vault",
                         {"restic", "backup"},
                         {{"A", "b"}},
                         "in",
                         {{"r", "{}"}},
                         Milliseconds(5)}},
        {13, OpenFiles{server}},
        {14, FindShortcomings{}},
        {15, Cancel{12}},
        {16, StartEdge{4}},
    };
}

ByteSpan body_of(const std::vector<std::byte>& frame) { return ByteSpan(frame).subspan(4); }

TEST(LauncherMessages, EveryRequestIsReadBackAsItWasWritten) {
    for (const Request& request : one_of_each()) {
        const auto frame = encode(request);

        const auto read = decode_request(body_of(frame));

        ASSERT_TRUE(read) << request.id;
        EXPECT_EQ(read->order.index(), request.order.index());
        EXPECT_EQ(encode(*read), frame);
    }
}

TEST(LauncherMessages, EveryPrefixOfARequestIsRefused) {
    for (const Request& request : one_of_each()) {
        const auto frame = encode(request);
        for (std::size_t size = 0; size < body_of(frame).size(); ++size) {
            EXPECT_FALSE(decode_request(body_of(frame).first(size))) << request.id << " cut to " << size;
        }
    }
}

TEST(LauncherMessages, ForeignVersionsKindsAndTrailingBytesAreRefused) {
    auto frame = encode(Request{1, SeeDisks{server}});
    auto trailing = frame;
    trailing.push_back(std::byte{0});
    EXPECT_EQ(decode_request(body_of(trailing)).error(), ParseError::trailing_bytes);
    frame[4 + 9] = std::byte{200};
    EXPECT_EQ(decode_request(body_of(frame)).error(), ParseError::unknown_kind);
    frame[4] = std::byte{9};
    EXPECT_EQ(decode_request(body_of(frame)).error(), ParseError::bad_version);
}

TEST(LauncherMessages, RepliesAreReadBack) {
    const auto frame = encode(Reply{9, ProgramEnded{137, "out", "err"}});

    const auto read = decode_reply(body_of(frame));

    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<ProgramEnded>(read->outcome).code, 137);
    EXPECT_EQ(std::get<ProgramEnded>(read->outcome).errors, "err");
}

TEST(LauncherFrames, ComeOutWholeHoweverTheBytesArrive) {
    // Given two frames of which the stream delivers one byte at a time,
    auto stream = encode(Request{1, Kill{server}});
    const auto second = encode(Request{2, ListServers{}});
    stream.insert(stream.end(), second.begin(), second.end());
    Frames frames(request_size_max);
    std::vector<std::uint64_t> seen;

    // when they are cut,
    for (const std::byte byte : stream) {
        frames.append(std::span(&byte, 1));
        while (const auto frame = frames.next()) seen.push_back(decode_request(*frame)->id);
    }

    // then both are there, in order.
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2}));
}

TEST(LauncherFrames, ALengthBeyondTheLimitBreaksTheStream) {
    Frames frames(16);
    frames.append(ByteWriter().big_endian(std::uint32_t{17}).take());
    EXPECT_FALSE(frames.next());
    EXPECT_TRUE(frames.is_broken());
}

}  // namespace
}  // namespace gk::wire::launcher
