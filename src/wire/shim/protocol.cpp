#include "wire/shim/protocol.hpp"

#include <charconv>

#include "wire/shim/archive.hpp"
#include "wire/shim/document.hpp"

namespace gk::wire::shim {

namespace {
constexpr std::string_view exit_magic = "GKEX";
constexpr std::size_t count_size = 4;

enum class Type : std::uint8_t { request, answer, status };
constexpr auto type_names = std::to_array<std::string_view>({"request", "answer", "status"});
constexpr std::span<const std::string_view> names_of(Type) { return type_names; }
}  // namespace

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

bool fields(auto& a, Is<Request> auto& v) { return a(v.id, v.epoch, v.op, v.text); }
bool fields(auto& a, Is<Answer> auto& v) { return a(v.id, v.outcome, v.text); }
bool fields(auto& a, Is<Exit> auto& v) { return a(v.cause, v.signal, v.code, v.at, v.tail, v.memory_peak_bytes); }
bool fields(auto& a, Is<Status> auto& v) {
    return a(v.phase, v.epoch, v.started_at, v.log_end, v.online, v.players_max, v.names, v.quiesced, v.exit);
}

namespace {

template <class T>
std::vector<std::byte> frame(Type type, const T& message) {
    Writer body;
    body(protocol_version, static_cast<std::uint8_t>(type), message);
    const auto bytes = body.take();
    ByteWriter out;
    out.big_endian(static_cast<std::uint32_t>(bytes.size())).bytes(bytes);
    return out.take();
}

// The bytes of the frame at the front, empty while they have not all come.
Result<ByteSpan, ParseError> whole_frame(ByteSpan bytes, std::size_t size_max) {
    ByteReader in(bytes);
    const auto size = in.big_endian<std::uint32_t>();
    if (!size) return ByteSpan{};
    if (*size < 2 || *size > size_max) return std::unexpected(ParseError::bad_length);
    return in.bytes(*size).value_or(ByteSpan{});
}

template <class T>
Result<T, ParseError> rest_of_frame(Reader& in) {
    T message;
    if (!in(message)) return std::unexpected(ParseError::bad_value);
    if (!in.at_end()) return std::unexpected(ParseError::bad_length);
    return message;
}

Result<Type, ParseError> head_of_frame(Reader& in) {
    std::uint8_t version = 0;
    if (!in(version) || version != protocol_version) return std::unexpected(ParseError::bad_version);
    Type type{};
    if (!in(type)) return std::unexpected(ParseError::bad_value);
    return type;
}

}  // namespace

std::vector<std::byte> encode(const Request& request) { return frame(Type::request, request); }
std::vector<std::byte> encode(const Answer& answer) { return frame(Type::answer, answer); }
std::vector<std::byte> encode(const Status& status) { return frame(Type::status, status); }

// Ops are added at the end, so their number says which they are.
std::string hello_text() { return std::to_string(op_names.size()); }

bool knows(std::string_view hello_text, Op op) {
    std::size_t known = std::to_underlying(Op::tell);
    std::from_chars(hello_text.data(), hello_text.data() + hello_text.size(), known);
    return std::to_underlying(op) < known;
}

Result<Framed<Request>, ParseError> read_request(ByteSpan bytes) {
    TRY(body, whole_frame(bytes, request_size_max));
    if (body.empty()) return Framed<Request>{};
    Reader in(body);
    TRY(type, head_of_frame(in));
    if (type != Type::request) return std::unexpected(ParseError::bad_value);
    TRY(request, rest_of_frame<Request>(in));
    return Framed<Request>{std::move(request), count_size + body.size()};
}

Result<Framed<FromShim>, ParseError> read_from_shim(ByteSpan bytes) {
    TRY(body, whole_frame(bytes, frame_size_max));
    if (body.empty()) return Framed<FromShim>{};
    Reader in(body);
    TRY(type, head_of_frame(in));
    if (type == Type::request) return std::unexpected(ParseError::bad_value);
    if (type == Type::answer) {
        TRY(answer, rest_of_frame<Answer>(in));
        return Framed<FromShim>{std::move(answer), count_size + body.size()};
    }
    TRY(status, rest_of_frame<Status>(in));
    return Framed<FromShim>{std::move(status), count_size + body.size()};
}

std::vector<std::byte> encode(const Exit& exit) { return encode_document(exit_magic, exit); }
Result<Exit, ParseError> decode_exit(ByteSpan bytes) { return decode_document<Exit>(exit_magic, frame_size_max, bytes); }

}  // namespace gk::wire::shim
