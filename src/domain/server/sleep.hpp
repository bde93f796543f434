#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/decode.hpp"
#include "base/time.hpp"
#include "domain/wake/admission.hpp"

// What people want of a server's sleep: who may wake it, and when it goes to sleep by itself.
namespace gk::server {

struct WakeWish {
    wake::Admission admission = wake::Admission::any;
    // For an allow-list; one of these is enough. A name is what a player claims: it keeps scanners out, and nobody who knows the name.
    std::vector<std::string> names{};
    std::vector<std::string> addresses{};  // Addresses and blocks such as "203.0.113.0/24".
    int starts_per_day = 48;               // By knocks, within any 24 hours; then nobody wakes it but a person or a schedule.
    bool operator==(const WakeWish&) const = default;
};

struct IdleWish {
    bool never = false;                     // It does not sleep by itself.
    std::optional<Milliseconds> after{};    // So long without players; absent: as the installation says.
    std::optional<Milliseconds> notice{};   // So long before, players are told; absent: as the installation says.
    bool operator==(const IdleWish&) const = default;
};
inline constexpr Milliseconds idle_after_least = std::chrono::minutes(2);

// {admission, names, addresses, starts_per_day} and {after: "10m" | "never", notice}: the stored form, and that of people.
Value to_value(const WakeWish& wish);
Value to_value(const IdleWish& wish);
bool decode(const Value& value, const std::string& pointer, Errors& errors, WakeWish& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, IdleWish& out);
// What people write: unknown members are errors, and so is what cannot be meant.
bool decode_strictly(const Value& value, const std::string& pointer, Errors& errors, WakeWish& out);
bool decode_strictly(const Value& value, const std::string& pointer, Errors& errors, IdleWish& out);

}  // namespace gk::server
