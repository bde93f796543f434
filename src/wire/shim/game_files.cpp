#include "wire/shim/game_files.hpp"

#include "wire/shim/frame.hpp"

namespace gk::wire::shim {

namespace {
constexpr std::size_t around_a_part = 16 * 1024;  // Paths and reasons.
}  // namespace

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

bool fields(auto& a, Is<GameFilesPart> auto& v) { return a(v.kind, v.text, v.more, v.is_executable); }
bool fields(auto& a, Is<GameFilesReply> auto& v) { return a(v.kind, v.detail); }

std::vector<std::byte> encode(const GameFilesPart& part) { return plain_frame(part); }
std::vector<std::byte> encode(const GameFilesReply& reply) { return plain_frame(reply); }

Result<Framed<GameFilesPart>, ParseError> read_game_files_part(ByteSpan bytes) {
    return read_plain_frame<GameFilesPart>(bytes, game_part_size_max + around_a_part);
}
Result<Framed<GameFilesReply>, ParseError> read_game_files_reply(ByteSpan bytes) { return read_plain_frame<GameFilesReply>(bytes, around_a_part); }

}  // namespace gk::wire::shim
