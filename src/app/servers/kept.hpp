#pragma once

#include <array>
#include <string_view>

namespace gk::app {

// What is chosen when a server is made. Whoever refuses a change of it says the same: a patch, the intake of declarations, the cluster's own rules.
inline constexpr auto kept_members = std::to_array<std::string_view>({"game", "package", "resources"});
constexpr std::string_view kept_message(std::string_view member) {
    if (member == "game") return "a server keeps its game: its world is one of that game";
    if (member == "package") return "a server keeps its package; create another one for another size";
    return "a server keeps its resources; create another one for another size";
}

}  // namespace gk::app
