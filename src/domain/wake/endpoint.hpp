#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/wake/address.hpp"

namespace gk::wake {

struct Endpoint {
    wake::Address address;
    std::uint16_t port = 0;
    auto operator<=>(const Endpoint&) const = default;
    // "203.0.113.7:25565", "[::1]:25565"; the other way round for numbers only, names are not looked up.
    std::string text() const;
    static std::optional<Endpoint> parse(std::string_view text);
};

}  // namespace gk::wake
