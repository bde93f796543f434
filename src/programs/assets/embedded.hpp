#pragma once

#include <span>
#include <string_view>

namespace gk {

// A file of the source tree that the program carries in itself (cmake/embed.cmake).
struct EmbeddedFile {
    std::string_view path;  // As in the tree: "games/minetest.yaml".
    std::string_view text;
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace gk
