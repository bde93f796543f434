#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/enum_names.hpp"

namespace gk::wake {

// Whose knock wakes a server.
enum class Admission : std::uint8_t { any, allow_list, never };
inline constexpr std::string_view admission_names[] = {"any", "allow-list", "never"};
constexpr std::span<const std::string_view> names_of(Admission) { return admission_names; }

}  // namespace gk::wake
