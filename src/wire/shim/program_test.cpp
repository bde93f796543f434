#include "wire/shim/program.hpp"

#include <gtest/gtest.h>

namespace gk::wire::shim {
namespace {

TEST(ProgramFrames, WhatIsWrittenIsRead) {
    const ProgramOrder order{.argv = {"restic", "backup"},
                             .env = {{"RESTIC_PASSWORD", "secret"}},
                             .working_directory = "/gk/work",
                             .world = "data",
                             .input = "yes\n",
                             .folder = "record",
                             .files = {{"record.json", "{}"}}};
    const auto bytes = encode(order);

    const auto read = read_program_order(bytes);

    ASSERT_TRUE(read && read->message);
    EXPECT_EQ(*read->message, order);
    EXPECT_EQ(read->size, bytes.size());
}

TEST(ProgramFrames, PiecesAndTheEndFollowEachOther) {
    const ProgramPiece piece{.stream = ProgramPiece::Stream::errors, .bytes = std::string(program_piece_size_max, 'x')};
    const ProgramEnd end{.how = ProgramEnd::How::signalled, .number = 9, .detail = {}};
    auto bytes = encode(piece);
    const auto last = encode(end);
    bytes.insert(bytes.end(), last.begin(), last.end());

    const auto first = read_from_program(bytes);
    ASSERT_TRUE(first && first->message);
    EXPECT_EQ(std::get<ProgramPiece>(*first->message), piece);

    const auto second = read_from_program(ByteSpan(bytes).subspan(first->size));
    ASSERT_TRUE(second && second->message);
    EXPECT_EQ(std::get<ProgramEnd>(*second->message), end);
}

TEST(ProgramFrames, HalfAFrameIsWaitedFor) {
    const auto bytes =
        encode(ProgramOrder{.argv = {"true"}, .env = {}, .working_directory = "/", .world = {}, .input = {}, .folder = {}, .files = {}});
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto read = read_program_order(ByteSpan(bytes).first(size));
        ASSERT_TRUE(read);
        EXPECT_FALSE(read->message) << size;
    }
}

TEST(ProgramFrames, NonsenseIsRefused) {
    const auto order = encode(ProgramOrder{});
    auto longer = order;
    longer.push_back(std::byte{0});
    longer[3] = static_cast<std::byte>(std::to_integer<unsigned>(longer[3]) + 1);
    EXPECT_EQ(read_program_order(longer).error(), ParseError::bad_length);
    EXPECT_EQ(read_program_order(std::vector<std::byte>{std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}}).error(), ParseError::bad_length);
    EXPECT_EQ(read_program_order(std::vector<std::byte>(4)).error(), ParseError::bad_length);
    EXPECT_EQ(read_from_program(std::vector<std::byte>{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}, std::byte{7}}).error(),
              ParseError::bad_value);
}

}  // namespace
}  // namespace gk::wire::shim
