#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/decode.hpp"
#include "domain/match/ticket.hpp"

namespace gk::match {

// A ticket of a trace (docs/formats/match-trace.md): who came, when, and how long they were ready to wait.
struct Arrival {
    Milliseconds at{};  // Since the trace began.
    std::vector<Player> players;
    std::int32_t priority = 0;
    std::optional<Milliseconds> leaves_after;   // They give up by themselves when they have waited so long.
    std::optional<Milliseconds> expires_after;  // Their ticket's own time; else the queue's.
    bool operator==(const Arrival&) const = default;
};

Value to_value(const Arrival& arrival);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Arrival& out);

}  // namespace gk::match
