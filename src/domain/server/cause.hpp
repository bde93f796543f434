#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/decode.hpp"
#include "base/enum_names.hpp"

namespace gk::server {

// Why something is asked of a server.
struct Cause {
    enum class Kind : std::uint8_t {
        person,
        schedule,
        knock,     // A player came while it slept.
        idle,      // Nobody plays.
        watchdog,  // It does not do what it should.
    };
    Kind kind = Kind::person;
    std::string player{};  // Of a knock: as he calls himself; empty where the game's protocol says no name so early.
    std::string source{};  // Of a knock: his address and port.
    std::string trace{};   // Of a knock: names this wake from its first packet on, in the logs of the edge and here.
    bool operator==(const Cause&) const = default;
};
inline constexpr auto cause_names = std::to_array<std::string_view>({"person", "schedule", "knock", "idle", "watchdog"});
constexpr std::span<const std::string_view> names_of(Cause::Kind) { return cause_names; }

// For people: "a knock by ann from 203.0.113.7:4711".
std::string text_of(const Cause& cause);

// The stored form.
Value to_value(const Cause& cause);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Cause& out);

}  // namespace gk::server
