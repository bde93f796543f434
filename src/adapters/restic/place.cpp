#include "adapters/restic/place.hpp"

#include <charconv>

namespace gk::restic {

bool is_hash_name(std::string_view name) {
    constexpr std::size_t name_size = 64;
    return name.size() == name_size && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Names share_of(const Names& names, int percent, std::uint64_t turn) {
    const std::uint64_t turns = percent <= 0 ? 0 : (100 + static_cast<std::uint64_t>(percent) - 1) / static_cast<std::uint64_t>(percent);
    Names share;
    for (const auto& name : names) {
        std::uint32_t digits = 0;
        std::from_chars(name.data(), name.data() + 8, digits, 16);
        if (turns != 0 && digits % turns == turn % turns) share.insert(name);
    }
    return share;
}

}  // namespace gk::restic
