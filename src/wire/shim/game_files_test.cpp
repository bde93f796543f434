#include "wire/shim/game_files.hpp"

#include <gtest/gtest.h>

namespace gk::wire::shim {
namespace {

TEST(GameFilesFrames, WhatIsWrittenIsRead) {
    const GameFilesPart file{.kind = GameFilesPart::Kind::file, .text = "lib/run.sh", .more = {}, .is_executable = true};
    const GameFilesPart part{.kind = GameFilesPart::Kind::part, .text = {}, .more = std::string(game_part_size_max, 'x')};
    for (const auto& sent : {file, part}) {
        const auto bytes = encode(sent);
        const auto read = read_game_files_part(bytes);
        ASSERT_TRUE(read && read->message);
        EXPECT_EQ(*read->message, sent);
        EXPECT_EQ(read->size, bytes.size());
        EXPECT_FALSE(read_game_files_part(ByteSpan(bytes).first(bytes.size() - 1))->message) << "half of it is waited for";
    }
    const GameFilesReply reply{.kind = GameFilesReply::Kind::full, .detail = "no room"};
    EXPECT_EQ(*read_game_files_reply(encode(reply))->message, reply);
}

TEST(GameFilesFrames, WhatIsTooLargeIsRefusedAtItsHead) {
    const std::vector<std::byte> head = {std::byte{0}, std::byte{2}, std::byte{0}, std::byte{0}};
    EXPECT_EQ(read_game_files_part(head).error(), ParseError::bad_length);
}

}  // namespace
}  // namespace gk::wire::shim
