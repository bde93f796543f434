#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

// The first message of TLS, as far as the name of the server that is wanted (SNI). RFC 8446 4.1.2, RFC 6066 3.
namespace gk::wire::opening {

inline constexpr std::size_t client_hello_size_max = 16 * 1024;

// `incomplete`: may be one, with more bytes. `malformed`: is none, whatever follows. `nameless`: whole, without a name.
enum class HelloTrouble : std::uint8_t { incomplete, malformed, nameless };
// The name in lower case: letters, digits, '-', '_' and '.', at most 253 characters. The message may be spread over several records.
Result<std::string, HelloTrouble> server_name_of(ByteSpan so_far);

}  // namespace gk::wire::opening
