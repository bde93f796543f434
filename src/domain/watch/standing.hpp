#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_names.hpp"
#include "domain/server/record.hpp"

// What is told of a server that comes and goes as it should: no incident, and news all the same where people want to hear it.
namespace gk::watch {

enum class Standing : std::uint8_t { up, asleep, down };
inline constexpr auto standing_names = std::to_array<std::string_view>({"up", "asleep", "down"});
constexpr std::span<const std::string_view> names_of(Standing) { return standing_names; }

// Where it has arrived. Nothing while it is on its way: a restart that goes well is no news.
std::optional<Standing> standing_of(const server::Record& record);

// "server_up", "server_asleep", "server_down": what kinds of letters are called.
std::string kind_of(Standing standing);
bool is_news(std::string_view kind);

// A line, and some sentences of what is known about the why.
std::string subject_of(const server::Record& record, Standing standing);
std::string text_of(const server::Record& record, Standing standing);

}  // namespace gk::watch
