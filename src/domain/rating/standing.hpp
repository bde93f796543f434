#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/enum_names.hpp"

// What is known of a player's strength, whichever model keeps it.
namespace gk::rating {

// weng_lin: any number of teams of any size (plackett_luce.hpp). glicko2: one against one (glicko2.hpp); in a match of teams each player plays one
// game against the average of every other team.
enum class Model : std::uint8_t { weng_lin, glicko2 };
inline constexpr auto model_names = std::to_array<std::string_view>({"weng_lin", "glicko2"});
constexpr std::span<const std::string_view> names_of(Model) { return model_names; }

// On the model's own scale: 25 +- 8.3 of a newcomer with Weng-Lin, 1500 +- 350 with Glicko-2.
struct Standing {
    double value = 0;
    double deviation = 0;
    double volatility = 0;  // Glicko-2 only.
    bool operator==(const Standing&) const = default;
};
Standing newcomer(Model model);

struct Contender {
    std::vector<Standing> players;  // At least one.
    std::uint32_t rank = 0;         // The smallest has won; equal ranks are a draw.
};
// Every player after one match, in the order given.
std::vector<std::vector<Standing>> after_match(Model model, std::span<const Contender> contenders);

}  // namespace gk::rating
