#include "wire/shim/program.hpp"

#include <algorithm>

#include "wire/shim/frame.hpp"

namespace gk::wire::shim {

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

bool fields(auto& a, Is<ProgramOrder> auto& v) { return a(v.argv, v.env, v.working_directory, v.world, v.input, v.folder, v.files); }
bool fields(auto& a, Is<ProgramPiece> auto& v) { return a(v.stream, v.bytes); }
bool fields(auto& a, Is<ProgramEnd> auto& v) { return a(v.how, v.number, v.detail); }

namespace {

constexpr std::size_t end_size_max = 16 * 1024;

enum class Type : std::uint8_t { piece, end };
constexpr auto type_names = std::to_array<std::string_view>({"piece", "end"});
constexpr std::span<const std::string_view> names_of(Type) { return type_names; }

}  // namespace

std::vector<std::byte> encode(const ProgramOrder& order) { return plain_frame(order); }
std::vector<std::byte> encode(const ProgramPiece& piece) { return plain_frame(Type::piece, piece); }
std::vector<std::byte> encode(const ProgramEnd& end) { return plain_frame(Type::end, end); }

Result<Framed<ProgramOrder>, ParseError> read_program_order(ByteSpan bytes) { return read_plain_frame<ProgramOrder>(bytes, program_order_size_max); }

Result<Framed<FromProgram>, ParseError> read_from_program(ByteSpan bytes) {
    TRY(body, plain_frame_in(bytes, std::max(program_piece_size_max, end_size_max) + 1024));
    if (body.empty()) return Framed<FromProgram>{};
    Reader in(body);
    Type type{};
    if (!in(type)) return std::unexpected(ParseError::bad_value);
    if (type == Type::piece) {
        TRY(piece, rest_of_plain_frame<ProgramPiece>(in));
        return Framed<FromProgram>{std::move(piece), frame_count_size + body.size()};
    }
    TRY(end, rest_of_plain_frame<ProgramEnd>(in));
    return Framed<FromProgram>{std::move(end), frame_count_size + body.size()};
}

}  // namespace gk::wire::shim
