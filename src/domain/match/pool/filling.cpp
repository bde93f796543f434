#include "domain/match/pool/filling.hpp"

#include <algorithm>
#include <numeric>
#include <ranges>

namespace gk::match {
namespace {

// most + 1 to the power of the teams, or the limit when it is more.
std::size_t states_of(const Filling::Teams& teams) {
    std::size_t states = 1;
    for (std::size_t i = 0; i < teams.there.size() && states <= Filling::states_limit; ++i) states *= teams.most + 1;
    return states;
}

}  // namespace

std::span<const Filling::Seat> Filling::fill(const Teams& teams, std::span<const std::uint8_t> widths) {
    seats_.clear();
    seated_ = 0;
    if (widths.empty()) return seats_;
    if (states_of(teams) <= states_limit) fill_exactly(teams, widths);
    else fill_greedily(teams, widths);
    for (const auto& seat : seats_) seated_ += widths[seat.index];
    return seats_;
}

void Filling::decode(std::uint32_t code, std::uint32_t most) {
    for (auto& players : players_) {
        players = code % (most + 1);
        code /= most + 1;
    }
}

std::uint32_t Filling::encode(std::uint32_t most) {
    std::ranges::sort(changed_);
    std::uint32_t code = 0;
    for (auto i = changed_.size(); i-- > 0;) code = code * (most + 1) + changed_[i];
    return code;
}

// Adds the states that come of `from` when the party goes into one of its teams, unless there is another way to them already.
void Filling::extend(std::uint32_t from, std::uint32_t index, std::uint32_t width, std::uint32_t most) {
    decode(states_[from].code, most);
    for (std::size_t team = 0; team < players_.size(); ++team) {
        const auto onto = players_[team];
        if (onto + width > most || (team > 0 && players_[team - 1] == onto)) continue;
        changed_ = players_;
        changed_[team] += width;
        const auto code = encode(most);
        if (stamps_[code] == stamp_) continue;
        stamps_[code] = stamp_;
        const auto now = states_[from].players + width;
        states_.push_back({.code = code, .before = from, .index = index, .onto = onto, .players = now});
        is_full_ = is_full_ || now == most * players_.size();
    }
}

void Filling::fill_exactly(const Teams& teams, std::span<const std::uint8_t> widths) {
    stamps_.resize(std::max(stamps_.size(), states_of(teams)));
    if (++stamp_ == 0) {
        std::ranges::fill(stamps_, 0);
        stamp_ = 1;
    }
    players_.resize(teams.there.size());
    changed_.assign(teams.there.begin(), teams.there.end());
    const auto there = std::accumulate(changed_.begin(), changed_.end(), 0U);
    states_.clear();
    states_.push_back({.code = encode(teams.most), .before = 0, .index = 0, .onto = 0, .players = there});
    is_full_ = false;
    for (std::uint32_t index = 0; index < widths.size() && !is_full_; ++index) {
        // Everything but the start has the first party in it.
        const auto known = index == 0 ? 1U : static_cast<std::uint32_t>(states_.size());
        for (std::uint32_t from = index == 0 ? 0 : 1; from < known; ++from) extend(from, index, widths[index], teams.most);
    }
    std::uint32_t best = 0;
    for (std::uint32_t i = 1; i < states_.size(); ++i) {
        if (states_[i].players <= states_[best].players && best != 0) continue;
        decode(states_[i].code, teams.most);
        if (players_.front() >= teams.least) best = i;  // The first is the one with the fewest.
    }
    if (best != 0) seat_along(best, teams, widths);
}

// Goes the way to a state again, this time with the teams as they are called.
void Filling::seat_along(std::uint32_t state, const Teams& teams, std::span<const std::uint8_t> widths) {
    path_.clear();
    for (auto at = state; at != 0; at = states_[at].before) path_.push_back(at);
    players_.assign(teams.there.begin(), teams.there.end());
    for (const auto at : path_ | std::views::reverse) {
        const auto team = static_cast<std::size_t>(std::ranges::find(players_, states_[at].onto) - players_.begin());
        seats_.push_back({.index = states_[at].index, .team = static_cast<std::uint32_t>(team)});
        players_[team] += widths[states_[at].index];
    }
}

void Filling::fill_greedily(const Teams& teams, std::span<const std::uint8_t> widths) {
    players_.assign(teams.there.begin(), teams.there.end());
    for (std::uint32_t index = 0; index < widths.size(); ++index) {
        auto chosen = players_.size();
        for (std::size_t team = 0; team < players_.size(); ++team) {
            const bool has_room = players_[team] + widths[index] <= teams.most;
            if (has_room && (chosen == players_.size() || players_[team] > players_[chosen])) chosen = team;
        }
        if (chosen == players_.size()) {
            if (index == 0) return;
            continue;
        }
        players_[chosen] += widths[index];
        seats_.push_back({.index = index, .team = static_cast<std::uint32_t>(chosen)});
    }
    if (std::ranges::any_of(players_, [&](std::uint32_t players) { return players < teams.least; })) seats_.clear();
}

}  // namespace gk::match
