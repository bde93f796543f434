#pragma once

#include <span>
#include <string>
#include <string_view>

#include "programs/config/config.hpp"

namespace gk::programs {

// One thing that can be configured, by itself: what several of them must be together is checked by make_config().
struct Key {
    std::string_view name;  // As in the file: "api.listen".
    std::string_view help;
    // Reads `text` into its place. Returns what is wrong with it, empty when nothing is.
    std::string (*read)(std::string_view text, Config& out);
    bool is_list = false;   // A list of YAML may stand for a text with commas.
};

// In the order in which they are shown.
std::span<const Key> all_keys();

// Null: there is no such key.
const Key* key_of(std::string_view name);

}  // namespace gk::programs
