// The rules about where and as what players play: latencies, windows, roles.
#include <algorithm>
#include <bit>
#include <cmath>

#include "domain/match/rules/checks.hpp"

#pragma STDC FP_CONTRACT OFF

namespace gk::match {
namespace {

const MapEntry* find(std::span<const MapEntry> sorted, Word key) {
    const auto found = std::ranges::lower_bound(sorted, key, {}, &MapEntry::key);
    return found != sorted.end() && found->key == key ? &*found : nullptr;
}

double width_of(const Window& rule, Time joined_at, Time at) {
    const auto waited = std::max(at - joined_at, Milliseconds(0));
    const double width = rule.base + rule.growth * static_cast<double>(waited.count()) / 1000.0;
    return rule.most ? std::min(width, *rule.most) : width;
}

}  // namespace

bool Checker::is_region_good(const Latency& rule, const Asked& asked, Word region) {
    double least = std::numeric_limits<double>::max();
    double most = 0;
    double sum = 0;
    bool good = true;
    asked.lineup.for_each([&](const Profile& ticket) {
        const auto* entry = find(ticket.latencies[asked.rule.column], region);
        good = good && entry != nullptr && (!rule.most || entry->value <= *rule.most);
        if (!good) return;
        least = std::min(least, entry->value);
        most = std::max(most, entry->value);
        sum += entry->value;
    });
    if (!good || !rule.distance_most) return good;
    if (rule.reference == Latency::Reference::min) return most - least <= *rule.distance_most;
    // An average moves with everybody who joins.
    if (asked.question == Question::ever) return true;
    const double average = sum / static_cast<double>(asked.lineup.tickets());
    return most - average <= *rule.distance_most && average - least <= *rule.distance_most;
}

bool Checker::answer(const Latency& rule, const Asked& asked) {
    const Profile* first = nullptr;
    asked.lineup.for_each([&](const Profile& ticket) { first = first == nullptr ? &ticket : first; });
    if (first == nullptr) return true;
    return std::ranges::any_of(first->latencies[asked.rule.column], [&](const MapEntry& entry) { return is_region_good(rule, asked, entry.key); });
}

bool Checker::answer(const Window& rule, const Asked& asked) {
    double low = std::numeric_limits<double>::max();
    double high = std::numeric_limits<double>::lowest();
    asked.lineup.for_each([&](const Profile& ticket) {
        const double value = ticket.numbers[asked.rule.column].front();
        low = std::min(low, value);
        high = std::max(high, value);
    });
    bool good = true;
    asked.lineup.for_each([&](const Profile& ticket) {
        const double value = ticket.numbers[asked.rule.column].front();
        const double width = width_of(rule, ticket.joined_at, asked.at);
        good = good && value - low <= width && high - value <= width;
    });
    return good;
}

// A bit for each role that stands in the list.
std::uint32_t Checker::takes(const CompiledRule& rule, std::span<const Word> list) const {
    std::uint32_t roles = 0;
    for (std::size_t i = 0; i < rule.words.size(); ++i) {
        if (std::ranges::find(list, rule.words[i]) != list.end()) roles |= 1U << i;
    }
    return roles;
}

// Hall's condition: for every set of roles, those who take nothing else are at most as many as its places.
bool Checker::can_fill(const Roles& rule, const Asked& asked, std::size_t team) {
    const std::size_t sets = std::size_t{1} << rule.roles.size();
    places_.assign(sets, 0);
    for (const auto* ticket : asked.lineup.team(team)) {
        for (std::size_t player = 0; player < ticket->width; ++player) ++places_[takes(asked.rule, ticket->each_lists[asked.rule.column][player])];
    }
    for (std::size_t role = 0; role < rule.roles.size(); ++role) {
        for (std::size_t set = 0; set < sets; ++set) {
            if ((set >> role & 1U) != 0) places_[set] += places_[set ^ (std::size_t{1} << role)];
        }
    }
    for (std::size_t set = 0; set < sets; ++set) {
        std::uint32_t room = 0;
        for (std::size_t role = 0; role < rule.roles.size(); ++role) {
            if ((set >> role & 1U) != 0) room += rule.roles[role].places;
        }
        if (places_[set] > room) return false;
    }
    return true;
}

bool Checker::answer(const Roles& rule, const Asked& asked) {
    for (std::size_t team = 0; team < asked.lineup.team_count(); ++team) {
        if (!can_fill(rule, asked, team)) return false;
    }
    return true;
}

}  // namespace gk::match
