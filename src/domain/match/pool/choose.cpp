#include <algorithm>
#include <limits>
#include <ranges>
#include <utility>

#include "domain/match/pool/attempt.hpp"

// The second half of Attempt: whom of the candidates the anchor plays with.
namespace gk::match {
namespace {

constexpr int exclusions_most = 24;

}  // namespace

bool Attempt::choose() {
    if (!choose_without_blocked(0)) return false;
    spread_ = 0;
    auto least = anchor_.number;
    auto most = anchor_.number;
    for (const auto& one : taken_) {
        least = std::min(least, table_[one.place].number);
        most = std::max(most, table_[one.place].number);
    }
    spread_ = most - least;
    return true;
}

// A match of which two are never matched with each other is none; there may be one without the first or without the second of them.
bool Attempt::choose_without_blocked(int depth) {
    left_.clear();
    right_.clear();
    for (const auto& one : below_.list) {
        if (!one.is_out) left_.push_back(&one);
    }
    for (const auto& one : above_.list) {
        if (!one.is_out) right_.push_back(&one);
    }
    const bool is_found = (are_all_alone_ && choose_run()) || ((rules_.window || !are_all_alone_) && choose_any());
    if (!is_found) return false;
    const auto pair = blocked_pair();
    if (!pair) return true;
    if (depth == exclusions_most || is_over()) return false;
    for (auto* out : {pair->second, pair->first}) {
        out->is_out = true;
        if (choose_without_blocked(depth + 1)) return true;
        out->is_out = false;
    }
    return false;
}

// Everybody came alone: of those below and of those above the nearest are taken. All ways to share the number between the two sides are tried.
bool Attempt::choose_run() {
    const auto most = players_most() - 1;
    const auto bottom = [&](std::size_t i) { return i == 0 ? anchor_.number : left_[i - 1]->number; };
    const auto top = [&](std::size_t j) { return j == 0 ? anchor_.number : right_[j - 1]->number; };
    Choice best;
    std::size_t best_below = 0;
    std::size_t best_above = 0;
    for (std::size_t i = 0; i <= std::min<std::size_t>(left_.size(), most); ++i) {
        auto j = std::min(right_.size(), most - i);
        while (j > 0 && top(j) - bottom(i) > step_.spread) --j;
        if (top(j) - bottom(i) > step_.spread) break;
        const Choice choice{.players = static_cast<std::uint32_t>(i + j + 1), .spread = top(j) - bottom(i)};
        if (choice.players < players_least() || !(best < choice)) continue;
        if (rules_.window && !is_run_allowed(std::span(left_).first(i), std::span(right_).first(j))) continue;
        best = choice;
        best_below = i;
        best_above = j;
    }
    // With windows, somebody within a run may be too choosy for its ends: then choose_any() looks further, unless nobody is missing.
    const bool is_answer = best.players != 0 && (!rules_.window || best.players == players_most());
    if (is_answer) take_alone(std::span(left_).first(best_below), std::span(right_).first(best_above));
    return is_answer;
}

bool Attempt::is_run_allowed(std::span<const Candidate* const> left, std::span<const Candidate* const> right) const {
    const auto least = left.empty() ? anchor_.number : left.back()->number;
    const auto most = right.empty() ? anchor_.number : right.back()->number;
    const auto allows = [&](const Candidate* one) { return one->number - least <= one->window && most - one->number <= one->window; };
    return most - anchor_.number <= anchor_.window && anchor_.number - least <= anchor_.window && std::ranges::all_of(left, allows) &&
           std::ranges::all_of(right, allows);
}

void Attempt::take_alone(std::span<const Candidate* const> left, std::span<const Candidate* const> right) {
    players_ = static_cast<std::uint32_t>(1 + left.size() + right.size());
    taken_.clear();
    taken_.push_back({.place = anchor_.place});
    for (const auto* one : left) taken_.push_back({.place = one->place});
    for (const auto* one : right) taken_.push_back({.place = one->place});
    for (std::uint32_t i = 0; i < taken_.size(); ++i) taken_[i].team = i % teams();
}

// With parties or windows: all pairs of a least and a greatest number that a match could have, and of those between, who fits.
bool Attempt::choose_any() {
    Choice best;
    taken_.clear();
    for (std::size_t i = 0; i <= left_.size(); ++i) {
        const auto least = i == 0 ? anchor_.number : left_[i - 1]->number;
        if (i > 1 && left_[i - 2]->number == least) continue;
        if (!rules_.window) {
            if (choose_between(least, std::min(least + step_.spread, PlainRules::no_limit), best)) return true;
            continue;
        }
        for (std::size_t j = 0; j <= right_.size(); ++j) {
            const auto most = j == 0 ? anchor_.number : right_[j - 1]->number;
            const bool is_next = j < 1 || j == right_.size() || right_[j]->number != most;  // The last of those with the same number.
            if (most - least > step_.spread || is_over()) break;
            if (is_next && choose_between(least, most, best)) return true;
        }
    }
    return best.players != 0;
}

// Takes those between these numbers when they are more than the best so far. True: nobody is missing.
bool Attempt::choose_between(std::int64_t least, std::int64_t most, Choice& best) {
    std::uint32_t players = anchor_.width;
    bool are_alone = anchor_.width == 1;
    between_.assign(1, &anchor_);
    const auto allows = [&](const Candidate* one) {
        return one->number >= least && one->number <= most && (!rules_.window || std::max(one->number - least, most - one->number) <= one->window);
    };
    const auto distance = [&](const Candidate* one) { return std::abs(one->number - anchor_.number); };
    const auto is_nearer = [&](const Candidate* a, const Candidate* b) {
        return distance(a) != distance(b) ? distance(a) < distance(b) : table_.is_before(a->place, b->place);
    };
    if (rules_.window && std::max(anchor_.number - least, most - anchor_.number) > anchor_.window) return false;
    for (std::size_t i = 0, j = 0; i < left_.size() || j < right_.size();) {
        const bool is_left = j == right_.size() || (i < left_.size() && is_nearer(left_[i], right_[j]));
        const auto* one = is_left ? left_[i++] : right_[j++];
        if (*budget_ > 0) --*budget_;
        if (!allows(one)) continue;
        between_.push_back(one);
        players += one->width;
        are_alone = are_alone && one->width == 1;
    }
    const auto seated = std::min(players, players_most());
    if (seated < players_least() || seated <= best.players) return false;
    if (are_alone) {
        take_alone(std::span(between_).subspan(1, seated - 1), {});
    } else if (!seat(best.players)) {
        return false;
    }
    best.players = players_;
    return players_ == players_most();
}

// Parties among them: who of `between_` fits into the teams. False when these are no more than `beat`.
bool Attempt::seat(std::uint32_t beat) {
    widths_.clear();
    for (const auto* one : between_) widths_.push_back(static_cast<std::uint8_t>(one->width));
    nobody_.assign(teams(), 0);
    const Filling::Teams room{.there = nobody_, .least = step_.team_least, .most = step_.team_most};
    const auto seats = filling_.fill(room, widths_);
    if (seats.empty() || filling_.seated() <= beat) return false;
    taken_.clear();
    for (const auto& seat : seats) taken_.push_back({.place = between_[seat.index]->place, .team = seat.team});
    players_ = filling_.seated();
    return true;
}

std::optional<std::pair<Attempt::Candidate*, Attempt::Candidate*>> Attempt::blocked_pair() {
    if (std::ranges::none_of(taken_, [&](const Taken& one) { return table_[one.place].has_more; })) return std::nullopt;
    for (std::size_t j = 1; j < taken_.size(); ++j) {
        for (std::size_t i = 1; i < j; ++i) {
            if (is_blocked(taken_[i].place, taken_[j].place)) return std::pair(candidate(taken_[i].place), candidate(taken_[j].place));
        }
    }
    return std::nullopt;
}

Attempt::Candidate* Attempt::candidate(std::uint32_t place) {
    for (auto* side : {&below_.list, &above_.list}) {
        const auto found = std::ranges::find(*side, place, &Candidate::place);
        if (found != side->end()) return &*found;
    }
    return nullptr;
}

}  // namespace gk::match
