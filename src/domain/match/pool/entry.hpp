#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "domain/match/pool/plain_rules.hpp"
#include "domain/match/ticket.hpp"

namespace gk::match {

// What plain rules read of a ticket.
struct Entry {
    std::int64_t turn = 0;
    std::int64_t number = 0;
    std::uint8_t width = 1;
    std::vector<std::string> same;       // What it has of each attribute that is to be the same.
    std::vector<std::uint64_t> players;  // Hashes.
    std::vector<std::uint64_t> blocked;  // Sorted.
    std::vector<std::pair<std::string, std::uint16_t>> latencies;  // To regions that all of the party measured.
};

// The error says which attribute a rule reads and this ticket has not, or why nobody could ever play with it.
Result<Entry, std::string> read_entry(const Ticket& ticket, const PlainRules& rules, std::uint64_t seed);

}  // namespace gk::match
