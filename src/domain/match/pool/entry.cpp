#include "domain/match/pool/entry.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "domain/match/pool/names.hpp"
#include "domain/match/pool/table.hpp"
#include "domain/match/rules/profile.hpp"

namespace gk::match {
namespace {

using Failure = std::unexpected<std::string>;

Failure missing(const Player& player, const PlayerAttribute& attribute, const std::string& rule) {
    return Failure(fmt::format("player '{}' has no {} '{}', which rule '{}' reads: send it with the ticket, or give the attribute a default",
                               player.id, name_of(attribute.type), attribute.name, rule));
}

Result<double, std::string> number_of(const Player& player, const PlayerAttribute& attribute, const std::string& rule) {
    if (const auto found = player.attributes.find(attribute.name); found != player.attributes.end()) {
        if (const auto* number = std::get_if<double>(&found->second); number != nullptr && std::isfinite(*number)) return *number;
        return missing(player, attribute, rule);
    }
    if (attribute.fallback && attribute.fallback->as_int() != nullptr) return static_cast<double>(*attribute.fallback->as_int());
    if (attribute.fallback && attribute.fallback->as_double() != nullptr) return *attribute.fallback->as_double();
    return missing(player, attribute, rule);
}

Result<std::string, std::string> text_of(const Player& player, const PlayerAttribute& attribute, const std::string& rule) {
    if (const auto found = player.attributes.find(attribute.name); found != player.attributes.end()) {
        if (const auto* text = std::get_if<std::string>(&found->second)) return *text;
        return missing(player, attribute, rule);
    }
    if (attribute.fallback && attribute.fallback->as_string() != nullptr) return *attribute.fallback->as_string();
    return missing(player, attribute, rule);
}

Result<double, std::string> number_of(const Ticket& ticket, const PlayerAttribute& attribute, const std::string& rule, PartyAggregation how) {
    std::vector<double> numbers;
    for (const auto& player : ticket.players) {
        TRY(number, number_of(player, attribute, rule));
        numbers.push_back(number);
    }
    return aggregate(numbers, how);
}

// What the whole party has of an attribute that is the same in a match.
Result<std::string, std::string> same_of(const Ticket& ticket, const PlainRules::Same& same) {
    if (same.attribute.type == AttributeType::number) {
        TRY(number, number_of(ticket, same.attribute, same.rule, same.party));
        return fmt::format("{}", thousandths(number));
    }
    TRY(text, text_of(ticket.players.front(), same.attribute, same.rule));
    for (const auto& player : ticket.players) {
        TRY(other, text_of(player, same.attribute, same.rule));
        if (other == text) continue;
        return Failure(fmt::format("the players of this party differ in '{}' ('{}' and '{}'), which rule '{}' wants the same in a match",
                                   same.attribute.name, text, other, same.rule));
    }
    return text;
}

void read_latencies(const Ticket& ticket, PartyAggregation how, Entry& entry) {
    for (const auto& [region, first] : ticket.players.front().latencies) {
        std::vector<double> values;
        for (const auto& player : ticket.players) {
            const auto found = player.latencies.find(region);
            if (found != player.latencies.end()) values.push_back(found->second);
        }
        if (values.size() != ticket.players.size()) continue;
        const auto value = std::ceil(std::min(aggregate(values, how), not_measured - 1.0));
        entry.latencies.emplace_back(region, static_cast<std::uint16_t>(value));
    }
}

}  // namespace

Result<Entry, std::string> read_entry(const Ticket& ticket, const PlainRules& rules, std::uint64_t seed) {
    const auto most = rules.steps.back().team_most;
    if (ticket.players.empty()) return Failure("a ticket has at least one player");
    if (ticket.players.size() > most)
        return Failure(fmt::format("a party of {} does not fit into a team of at most {}", ticket.players.size(), most));
    Entry entry;
    entry.turn = turn_of(ticket.priority, ticket.joined_at);
    entry.width = static_cast<std::uint8_t>(ticket.players.size());
    for (const auto& same : rules.same) {
        TRY(text, same_of(ticket, same));
        entry.same.push_back(text);
    }
    if (rules.number) {
        TRY(number, number_of(ticket, rules.number->attribute, rules.number->rule, rules.number->party));
        entry.number = thousandths(number);
    }
    for (const auto& player : ticket.players) {
        entry.players.push_back(hash_of(player.id, seed));
        for (const auto& blocked : player.blocked) entry.blocked.push_back(hash_of(blocked, seed));
    }
    std::ranges::sort(entry.blocked);
    read_latencies(ticket, rules.latency_party, entry);
    return entry;
}

}  // namespace gk::match
