#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace gk::vault {

// 176 random bits. With them and the vault alone every server can be rebuilt.
inline constexpr std::size_t recovery_key_size = 22;
using RecoveryKeyBits = std::array<std::byte, recovery_key_size>;

// What is printed once and typed by people: 8 groups of 5 letters and digits with '-' between, 24 bits of it a checksum. The letters are
// Crockford's base 32 (no I, L, O, U). This text, exactly, is the second restic password of every repository.
Secret recovery_key_text(const RecoveryKeyBits& bits);

// The same text from what a person typed: case, blanks and dashes do not matter, I and L count as 1, O as 0. Nullopt when it is not a
// recovery key; the checksum finds every single wrong character and every swap of two neighbours.
std::optional<Secret> parse_recovery_key(std::string_view typed);

}  // namespace gk::vault
