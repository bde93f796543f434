#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace gk {

// An enumeration with names declares beside itself
//     constexpr std::span<const std::string_view> names_of(Phase) { return phase_names; }
// where the names stand in the order of the enumerators, which count from 0. These names are the ones users see, everywhere.
template <class E>
constexpr std::string_view name_of(E value) {
    return names_of(E{})[static_cast<std::size_t>(std::to_underlying(value))];
}

template <class E>
constexpr std::optional<E> from_name(std::string_view name) {
    const auto names = names_of(E{});
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<E>(i);
    }
    return std::nullopt;
}

}  // namespace gk
