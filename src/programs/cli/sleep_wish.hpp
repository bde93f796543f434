#pragma once

#include <string>
#include <vector>

#include "base/value.hpp"

namespace gk::programs {

// What is said of a server's sleep. Empty: nothing.
struct SleepWish {
    std::string wake;                // "any", "allow-list" or "never".
    std::vector<std::string> allow;  // Names of players, addresses and blocks, for an allow-list.
    std::string idle;                // "10m" or "never".
    bool says_nothing() const { return wake.empty() && allow.empty() && idle.empty(); }
};

// Adds to a body of the API what is said. Who is allowed makes an allow-list without a word.
void add_sleep(Value& body, const SleepWish& wish);

// For people: "whoever knocks", "nobody", "ann, 203.0.113.0/24". Empty for null.
std::string wake_text(const Value& wake);
// "after 10m without players", "never". Empty for null.
std::string idle_text(const Value& idle);
// "a knock by ann from 203.0.113.7:4711, 2026-..." Empty for null, and when a person has: then nothing is to be explained.
std::string started_by_text(const Value& started_by);

}  // namespace gk::programs
