#include "domain/match/rules/order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>

namespace gk::match {
namespace {

// Behind everybody who has a value.
constexpr double nowhere = std::numeric_limits<double>::max();

std::optional<Word> favourite(std::span<const MapEntry> map, bool is_greatest) {
    if (map.empty()) return std::nullopt;
    return is_greatest ? std::ranges::max_element(map, {}, &MapEntry::value)->key : std::ranges::min_element(map, {}, &MapEntry::value)->key;
}

std::optional<double> value_at(std::span<const MapEntry> map, std::optional<Word> key) {
    const auto found = key ? std::ranges::find(map, *key, &MapEntry::key) : map.end();
    return found != map.end() ? std::optional(found->value) : std::nullopt;
}

double rank(const SortKey& key, const Profile& subject, const Profile& ticket) {
    if (key.of == SortKey::Of::text) return subject.texts[key.column].front() == ticket.texts[key.column].front() ? 0 : 1;
    std::optional<double> value;
    std::optional<double> from;
    if (key.of == SortKey::Of::map) {
        const auto wanted = favourite(subject.maps[key.column], key.is_greatest);
        value = value_at(ticket.maps[key.column], wanted);
        from = value_at(subject.maps[key.column], wanted);
    } else {
        value = ticket.numbers[key.column].front();
        from = subject.numbers[key.column].front();
    }
    if (!value) return nowhere;
    const double of_it = key.is_distance ? std::abs(*value - from.value_or(0)) : *value;
    return key.is_descending ? -of_it : of_it;
}

}  // namespace

void order_for(const Level& level, const Profile& subject, std::vector<Candidate>& candidates) {
    if (level.sorts.empty()) return;
    const auto width = level.sorts.size();
    std::vector<double> ranks;
    ranks.reserve(candidates.size() * width);
    for (const auto& candidate : candidates) {
        for (const auto& key : level.sorts) ranks.push_back(rank(key, subject, *candidate.ticket));
    }
    std::vector<std::uint32_t> order(candidates.size());
    std::iota(order.begin(), order.end(), 0U);
    const auto ranks_of = [&](std::uint32_t place) { return std::span<const double>(ranks).subspan(place * width, width); };
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
        const auto [first, second] = std::ranges::mismatch(ranks_of(a), ranks_of(b));
        return first == ranks_of(a).end() ? a < b : *first < *second;
    });
    std::vector<Candidate> sorted;
    sorted.reserve(candidates.size());
    for (const auto place : order) sorted.push_back(candidates[place]);
    candidates = std::move(sorted);
}

}  // namespace gk::match
