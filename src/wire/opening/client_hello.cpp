#include "wire/opening/client_hello.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace gk::wire::opening {

namespace {
constexpr std::uint8_t record_handshake = 0x16;
constexpr std::uint8_t version_major = 3;
constexpr std::size_t record_size_max = 16 * 1024;
constexpr std::uint8_t message_client_hello = 1;
constexpr std::uint16_t extension_server_name = 0;
constexpr std::uint8_t name_is_host = 0;
constexpr std::size_t name_size_max = 253;
constexpr std::size_t random_size = 32;
constexpr std::size_t session_size_max = 32;

using Bytes = std::vector<std::byte>;

// The body of the ClientHello, joined from its records.
Result<Bytes, HelloTrouble> joined(ByteSpan so_far) {
    ByteReader in(so_far);
    Bytes message;
    std::optional<std::size_t> wanted;
    while (!wanted || message.size() < *wanted) {
        const auto type = in.big_endian<std::uint8_t>();
        if (type && *type != record_handshake) return std::unexpected(HelloTrouble::malformed);
        const auto major = in.big_endian<std::uint8_t>();
        if (major && *major != version_major) return std::unexpected(HelloTrouble::malformed);
        const auto minor = in.big_endian<std::uint8_t>();
        const auto size = in.big_endian<std::uint16_t>();
        if (!minor || !size) return std::unexpected(HelloTrouble::incomplete);
        if (*size == 0 || *size > record_size_max) return std::unexpected(HelloTrouble::malformed);
        const auto here = std::min<std::size_t>(*size, in.remaining());
        const auto part = *in.bytes(here);
        message.insert(message.end(), part.begin(), part.end());
        if (!wanted && !message.empty() && message[0] != std::byte{message_client_hello}) return std::unexpected(HelloTrouble::malformed);
        if (!wanted && message.size() >= 4) {
            ByteReader head(message);
            wanted = (*head.big_endian<std::uint32_t>() & 0xffffff) + 4;
            if (*wanted > client_hello_size_max) return std::unexpected(HelloTrouble::malformed);
        }
        if (here < *size && (!wanted || message.size() < *wanted)) return std::unexpected(HelloTrouble::incomplete);
    }
    return Bytes(message.begin() + 4, message.begin() + static_cast<std::ptrdiff_t>(*wanted));
}

template <class Length>
std::optional<ByteReader> block(ByteReader& in) {
    const auto size = in.big_endian<Length>();
    const auto bytes = size ? in.bytes(*size) : std::nullopt;
    return bytes ? std::optional(ByteReader(*bytes)) : std::nullopt;
}

std::optional<std::string> checked_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    if (name.empty() || name.size() > name_size_max || !std::ranges::all_of(name, allowed)) return std::nullopt;
    std::string out(name);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

Result<std::string, HelloTrouble> name_in(ByteReader extension) {
    auto list = block<std::uint16_t>(extension);
    if (!list || !extension.empty()) return std::unexpected(HelloTrouble::malformed);
    while (!list->empty()) {
        const auto kind = list->big_endian<std::uint8_t>();
        const auto name = block<std::uint16_t>(*list);
        if (!kind || !name) return std::unexpected(HelloTrouble::malformed);
        if (*kind != name_is_host) continue;
        auto checked = checked_name(as_text(name->rest()));
        if (!checked) return std::unexpected(HelloTrouble::malformed);
        return std::move(*checked);
    }
    return std::unexpected(HelloTrouble::nameless);
}
}  // namespace

Result<std::string, HelloTrouble> server_name_of(ByteSpan so_far) {
    TRY(message, joined(so_far));
    ByteReader in(message);
    if (!in.big_endian<std::uint16_t>() || !in.bytes(random_size)) return std::unexpected(HelloTrouble::malformed);
    const auto session = block<std::uint8_t>(in);
    if (!session || session->remaining() > session_size_max) return std::unexpected(HelloTrouble::malformed);
    if (!block<std::uint16_t>(in) || !block<std::uint8_t>(in)) return std::unexpected(HelloTrouble::malformed);  // Ciphers, compressions.
    if (in.empty()) return std::unexpected(HelloTrouble::nameless);
    auto extensions = block<std::uint16_t>(in);
    if (!extensions || !in.empty()) return std::unexpected(HelloTrouble::malformed);
    while (!extensions->empty()) {
        const auto type = extensions->big_endian<std::uint16_t>();
        const auto content = block<std::uint16_t>(*extensions);
        if (!type || !content) return std::unexpected(HelloTrouble::malformed);
        if (*type == extension_server_name) return name_in(*content);
    }
    return std::unexpected(HelloTrouble::nameless);
}

}  // namespace gk::wire::opening
