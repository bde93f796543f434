#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/enum_names.hpp"

namespace gk::server {

// How a game is started. gk-shim is always the first process. What a wrapper is, and which init containers there are, the game's definition says.
enum class LaunchWay : std::uint8_t {
    shim,     // The game is the shim's child.
    wrapper,  // The game's command line follows that of the definition's wrapper, which becomes the game or starts it.
    init,     // The definition's init containers run before, and leave the game what they have made in a shared folder. Only on a cluster.
};
inline constexpr auto launch_way_names = std::to_array<std::string_view>({"shim", "wrapper", "init"});
constexpr std::span<const std::string_view> names_of(LaunchWay) { return launch_way_names; }

}  // namespace gk::server
