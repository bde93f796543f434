#pragma once

#include "wire/minecraft/opening.hpp"

// The server list of clients before 1.7: "FE", "FE 01", or "FE 01 FA" with the host in UTF-16. Source: facts/edge.md 2.1.
namespace gk::wire::minecraft {

// False for a frame of 254 bytes, which begins with FE 01 too.
bool looks_legacy(ByteSpan so_far);
// Of bytes that look legacy. The short forms are whole only when nothing follows: `quiet`.
Result<Opening, Trouble> parse_legacy_ping(ByteSpan so_far, bool quiet);

}  // namespace gk::wire::minecraft
