#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wire/shim/protocol.hpp"

// What a connection carries once a shim in a pod has answered Op::game_files with ok: the files that were fetched for a game, from the control plane
// into <volume>/game/KEY. The client begins; when the shim says `wanted` it sends the files, and `end`. Frames are a 32-bit count and the fields.
namespace gk::wire::shim {

inline constexpr std::size_t game_part_size_max = 64 * 1024;

struct GameFilesPart {
    // begin: `text` is the key. file: a new file; `text` is its path. link: at `text`, to `more`. part: more of the newest file, in `more`. end: all
    // has been sent.
    enum class Kind : std::uint8_t { begin, file, link, part, end };
    Kind kind = Kind::begin;
    std::string text;
    std::string more;
    bool is_executable = false;
    bool operator==(const GameFilesPart&) const = default;
};
constexpr std::span<const std::string_view> names_of(GameFilesPart::Kind) {
    static constexpr auto names = std::to_array<std::string_view>({"begin", "file", "link", "part", "end"});
    return names;
}

struct GameFilesReply {
    // present: they are all there, nothing need be sent. wanted: send them. stored: all came, and are on the disk. full, failed: `detail` says why.
    enum class Kind : std::uint8_t { present, wanted, stored, full, failed };
    Kind kind = Kind::present;
    std::string detail;
    bool operator==(const GameFilesReply&) const = default;
};
constexpr std::span<const std::string_view> names_of(GameFilesReply::Kind) {
    static constexpr auto names = std::to_array<std::string_view>({"present", "wanted", "stored", "full", "failed"});
    return names;
}

std::vector<std::byte> encode(const GameFilesPart& part);
std::vector<std::byte> encode(const GameFilesReply& reply);
// As read_request(): of the frame at the front of `bytes`.
Result<Framed<GameFilesPart>, ParseError> read_game_files_part(ByteSpan bytes);
Result<Framed<GameFilesReply>, ParseError> read_game_files_reply(ByteSpan bytes);

}  // namespace gk::wire::shim
