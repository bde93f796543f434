#include "domain/match/pool/split.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>
#include <ranges>
#include <utility>

namespace gk::match {
namespace {

// The mean in 1/64, so that teams of unequal sizes are compared fairly without fractions.
std::int64_t mean_of(std::int64_t sum, std::uint32_t players) { return players == 0 ? 0 : sum * 64 / players; }

constexpr int swaps_most = 200;

// The sums of all subsets of up to six numbers, by the bits of who is in.
std::array<std::int64_t, 64> subset_sums(std::span<const std::int64_t> numbers) {
    std::array<std::int64_t, 64> sums{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        for (std::size_t set = 0; set < std::size_t{1} << i; ++set) sums[set | std::size_t{1} << i] = sums[set] + numbers[i];
    }
    return sums;
}

}  // namespace

void Split::count(std::span<const Party> parties, std::uint32_t teams) {
    sides_.assign(teams, {});
    for (const auto& party : parties) {
        auto& side = sides_[party.team];
        side.sum += party.number * party.width;
        side.players += party.width;
        side.size += party.width;
    }
}

std::int64_t Split::gap_of_sides() const {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t most = std::numeric_limits<std::int64_t>::min();
    for (const auto& side : sides_) {
        if (side.players == 0) continue;
        least = std::min(least, mean_of(side.sum, side.players));
        most = std::max(most, mean_of(side.sum, side.players));
    }
    return most < least ? 0 : most - least;
}

std::int64_t Split::gap(std::span<const Party> parties, std::uint32_t teams) {
    count(parties, teams);
    return gap_of_sides();
}

void Split::improve(std::span<Party> parties, std::uint32_t teams) {
    if (teams < 2 || parties.size() < 2) return;
    count(parties, teams);
    const auto players = std::accumulate(sides_.begin(), sides_.end(), 0U, [](std::uint32_t sum, const Side& side) { return sum + side.size; });
    const bool is_all_alone = players == parties.size();
    const bool is_exact = players <= exact_players;
    if (is_exact && is_all_alone && teams == 2) return pair_up(parties);
    if (is_exact) {
        best_.resize(parties.size());
        std::ranges::transform(parties, best_.begin(), &Party::team);
        best_gap_ = gap_of_sides();
        for (auto& side : sides_) side.sum = side.players = 0;
        try_all(parties, 0);
        for (std::size_t i = 0; i < parties.size(); ++i) parties[i].team = best_[i];
        return;
    }
    if (is_all_alone) deal(parties);
    for (int i = 0; i < swaps_most && swap_best(parties); ++i) {
    }
}

// Two teams of players who came alone: the sets of the right size, each summed by two look-ups.
void Split::pair_up(std::span<Party> parties) {
    std::array<std::int64_t, exact_players> numbers{};
    for (std::size_t i = 0; i < parties.size(); ++i) numbers[i] = parties[i].number;
    const auto low = subset_sums(std::span(numbers).first(6));
    const auto high = subset_sums(std::span(numbers).subspan(6));
    const auto total = sides_[0].sum + sides_[1].sum;
    std::uint16_t best = 0;
    std::uint32_t best_team = 0;
    auto best_gap = std::numeric_limits<std::int64_t>::max();
    // The first player is in the one team or in the other; when they are of one size, that is the same.
    for (std::uint32_t team = 0; team < (sides_[0].size == sides_[1].size ? 1U : 2U); ++team) {
        const auto size = sides_[team].size;
        const auto rest = sides_[1 - team].size;
        for (const auto set : halves(static_cast<std::uint32_t>(parties.size()), size)) {
            const auto sum = low[set & 63U] + high[set >> 6U];
            // Means side by side: sum / size against (total - sum) / rest, without dividing.
            const auto gap = std::abs(sum * rest - (total - sum) * size);
            if (gap >= best_gap) continue;
            best_gap = gap;
            best = set;
            best_team = team;
        }
    }
    for (std::size_t i = 0; i < parties.size(); ++i) parties[i].team = ((best >> i) & 1U) != 0 ? best_team : 1 - best_team;
}

std::span<const std::uint16_t> Split::halves(std::uint32_t parties, std::uint32_t chosen) {
    const std::size_t key = parties * (exact_players + 1) + chosen;
    if (halves_.size() <= key) halves_.resize(key + 1);
    auto& sets = halves_[key];
    if (sets.empty()) {
        for (std::uint32_t set = 1; set < 1U << parties; set += 2) {
            if (static_cast<std::uint32_t>(std::popcount(set)) == chosen) sets.push_back(static_cast<std::uint16_t>(set));
        }
    }
    return sets;
}

void Split::try_all(std::span<Party> parties, std::size_t at) {
    if (at == parties.size()) {
        const auto gap = gap_of_sides();
        if (gap >= best_gap_) return;
        best_gap_ = gap;
        std::ranges::transform(parties, best_.begin(), &Party::team);
        return;
    }
    auto& party = parties[at];
    for (std::uint32_t team = 0; team < sides_.size(); ++team) {
        auto& side = sides_[team];
        if (side.players + party.width > side.size) continue;
        // An empty team like an empty one before it would only give the same teams other names.
        const auto is_like = [&](const Side& other) { return other.players == 0 && other.size == side.size; };
        if (side.players == 0 && std::any_of(sides_.begin(), sides_.begin() + team, is_like)) continue;
        party.team = team;
        side.players += party.width;
        side.sum += party.number * party.width;
        try_all(parties, at + 1);
        side.players -= party.width;
        side.sum -= party.number * party.width;
    }
}

// The best goes to the first team, the next to the second ..., and at the end back again.
void Split::deal(std::span<Party> parties) {
    std::vector<std::size_t> order(parties.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(-parties[i].number, i); });
    for (auto& side : sides_) side.sum = side.players = 0;
    const auto teams = static_cast<std::uint32_t>(sides_.size());
    std::uint32_t turn = 0;
    for (const auto i : order) {
        const auto snake = [&] { return turn / teams % 2 == 0 ? turn % teams : teams - 1 - turn % teams; };
        while (sides_[snake()].players == sides_[snake()].size) ++turn;
        auto& side = sides_[snake()];
        parties[i].team = snake();
        side.sum += parties[i].number;
        ++side.players;
        ++turn;
    }
}

// Swaps the two of equal width in the highest and the lowest team whose change brings these two nearest together. False: nothing helps.
bool Split::swap_best(std::span<Party> parties) {
    const auto mean = [](const Side& side) { return mean_of(side.sum, side.players); };
    const auto high = static_cast<std::uint32_t>(std::ranges::max_element(sides_, {}, mean) - sides_.begin());
    const auto low = static_cast<std::uint32_t>(std::ranges::min_element(sides_, {}, mean) - sides_.begin());
    auto best = mean(sides_[high]) - mean(sides_[low]);
    Party* up = nullptr;
    Party* down = nullptr;
    for (auto& a : parties | std::views::filter([&](const Party& p) { return p.team == high; })) {
        for (auto& b : parties | std::views::filter([&](const Party& p) { return p.team == low; })) {
            const auto moved = (a.number - b.number) * a.width;
            if (a.width != b.width || moved <= 0) continue;
            const auto gap =
                std::abs(mean_of(sides_[high].sum - moved, sides_[high].players) - mean_of(sides_[low].sum + moved, sides_[low].players));
            if (gap >= best) continue;
            best = gap;
            down = &a;
            up = &b;
        }
    }
    if (down == nullptr) return false;
    const auto moved = (down->number - up->number) * down->width;
    sides_[high].sum -= moved;
    sides_[low].sum += moved;
    std::swap(down->team, up->team);
    return true;
}

}  // namespace gk::match
