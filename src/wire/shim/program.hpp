#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wire/shim/protocol.hpp"

// What a connection carries once a shim in a pod has answered Op::program with ok: one ProgramOrder from the client; then from the shim pieces of
// what the program writes, as it writes them, and at last its ProgramEnd. The client says nothing more: when it does, or hangs up, or is replaced by
// a newer epoch, the program is ended. Frames are a 32-bit count of the bytes behind it and the fields; those of the shim begin with a type byte.
namespace gk::wire::shim {

inline constexpr std::size_t program_order_size_max = 4 * 1024 * 1024;
inline constexpr std::size_t program_piece_size_max = 32 * 1024;

struct ProgramOrder {
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;  // All of it; nothing is inherited.
    std::string working_directory;           // Absolute, in the pod.
    std::string world;                       // A plain name: made below the working directory when it is absent, and left; empty: none.
    std::string input;                       // Its standard input, which can also be opened as /dev/stdin.
    std::string folder;  // A plain name: made below the working directory with these files, and removed when the program has ended.
    std::map<std::string, std::string> files;  // Plain names.
    bool operator==(const ProgramOrder&) const = default;
};

struct ProgramPiece {
    enum class Stream : std::uint8_t { output, errors };
    Stream stream = Stream::output;
    std::string bytes;
    bool operator==(const ProgramPiece&) const = default;
};
constexpr std::span<const std::string_view> names_of(ProgramPiece::Stream) {
    static constexpr auto names = std::to_array<std::string_view>({"output", "errors"});
    return names;
}

struct ProgramEnd {
    // not_started: the order was at fault, or there was no room for it; `detail` says why. out_of_memory: the pod's own limit.
    enum class How : std::uint8_t { exited, signalled, out_of_memory, not_started };
    How how = How::exited;
    std::int32_t number = 0;  // The code, or the signal.
    std::string detail;
    bool operator==(const ProgramEnd&) const = default;
};
constexpr std::span<const std::string_view> names_of(ProgramEnd::How) {
    static constexpr auto names = std::to_array<std::string_view>({"exited", "signalled", "out_of_memory", "not_started"});
    return names;
}

using FromProgram = std::variant<ProgramPiece, ProgramEnd>;

// An order that is too large has no meaning: bad_length is what its reader says.
std::vector<std::byte> encode(const ProgramOrder& order);
std::vector<std::byte> encode(const ProgramPiece& piece);
std::vector<std::byte> encode(const ProgramEnd& end);
// As read_request(): of the frame at the front of `bytes`.
Result<Framed<ProgramOrder>, ParseError> read_program_order(ByteSpan bytes);
Result<Framed<FromProgram>, ParseError> read_from_program(ByteSpan bytes);

}  // namespace gk::wire::shim
