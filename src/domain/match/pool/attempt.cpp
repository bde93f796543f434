#include "domain/match/pool/attempt.hpp"

#include <algorithm>
#include <bit>
#include <ranges>
#include <utility>

namespace gk::match {
namespace {

constexpr Time never = Time::max();

}  // namespace

std::size_t Attempt::step_at(Milliseconds age) const {
    std::size_t step = 0;
    while (step + 1 < rules_.steps.size() && rules_.steps[step + 1].from <= age) ++step;
    return step;
}

std::int64_t Attempt::window_of(std::uint32_t place, Time now) const {
    if (!rules_.window) return PlainRules::no_limit;
    const auto age = std::max<std::int64_t>(0, (now - table_.joined(place)).count());
    const auto& [base, each_second, most] = *rules_.window;
    // What would grow beyond all numbers has grown to the end.
    const auto grown = each_second > 0 && age > PlainRules::no_limit / each_second ? PlainRules::no_limit : each_second * age / 1000;
    return std::min(base + grown, most);
}

bool Attempt::run(std::uint32_t anchor, Time now, std::uint32_t& budget) {
    now_ = now;
    budget_ = &budget;
    taken_.clear();
    anchor_ = {.place = anchor, .width = table_[anchor].width, .number = table_[anchor].number, .window = window_of(anchor, now)};
    const auto own = step_at(now - table_.joined(anchor));
    // By the newest: in a match whose newest has reached a step, everybody has. By the oldest: the anchor is the one whose age counts.
    for (auto step = rules_.is_by_oldest ? own : 0; step <= own; ++step) {
        if (try_step(step)) return true;
        if (is_over()) return false;
    }
    return false;
}

bool Attempt::try_step(std::size_t step) {
    step_ = rules_.steps[step];
    const bool is_last = step + 1 == rules_.steps.size();
    joined_from_ = rules_.is_by_oldest && !is_last ? now_ - rules_.steps[step + 1].from + Milliseconds(1) : Time::min();
    joined_before_ = rules_.is_by_oldest || step == 0 ? never : now_ - step_.from + Milliseconds(1);
    if (rules_.latency_rule.empty()) return try_region(std::nullopt);

    const auto own = table_.near[step_.limit][anchor_.place];
    regions_.clear();
    for (auto rest = own; rest != 0; rest &= rest - 1) regions_.push_back(static_cast<std::uint32_t>(std::countr_zero(rest)));
    std::ranges::sort(regions_, {}, [&](std::uint32_t region) { return std::pair(table_.latency[region][anchor_.place], region); });
    return std::ranges::any_of(regions_, [&](std::uint32_t region) { return !is_over() && try_region(region); });
}

bool Attempt::try_region(std::optional<std::uint32_t> region) {
    region_ = region;
    near_ = region ? &table_.near[step_.limit] : nullptr;
    for (std::size_t want = std::max(players_most(), 2U) - 1;; want *= 4) {
        gather(want);
        if (is_over()) return false;
        const bool is_found = choose();
        const bool is_last = below_.is_all && above_.is_all;
        if (is_found && (is_last || players_ == players_most())) return true;
        if (is_last || is_over()) return false;
    }
}

// Whoever could be in a match with the anchor goes into `to`. False: the budget is at its end.
bool Attempt::consider(std::uint32_t place, std::int64_t number, std::vector<Candidate>& to) {
    if (is_over()) return false;
    --*budget_;
    if (place == anchor_.place) return true;
    const auto joined = table_.joined(place);
    if (joined < joined_from_ || joined >= joined_before_) return true;
    if (near_ != nullptr && (((*near_)[place] >> *region_) & 1U) == 0) return true;
    const auto window = window_of(place, now_);
    if (window < std::abs(number - anchor_.number) || is_blocked(anchor_.place, place)) return true;
    const std::uint32_t width = table_[place].width;
    are_all_alone_ = are_all_alone_ && width == 1;
    to.push_back({.place = place, .width = width, .number = number, .window = window});
    return true;
}

void Attempt::gather(std::size_t want) {
    below_ = {.list = std::move(below_.list), .is_all = true};
    above_ = {.list = std::move(above_.list), .is_all = true};
    below_.list.clear();
    above_.list.clear();
    are_all_alone_ = anchor_.width == 1;
    if (!rules_.number) return gather_all_in_turn(want);
    const auto reach = std::min(step_.spread, anchor_.window);
    gather_above(want, reach);
    gather_below(want, reach_below(reach));
}

// Where everybody waits alone and plays with everybody, and those above make a full match by themselves, somebody below who is no nearer than the
// last of them makes none that is better: in a long line that spares most anchors half of the search.
std::int64_t Attempt::reach_below(std::int64_t reach) const {
    const std::size_t others = players_most() - 1;
    const bool is_enough_above = table_.mores_used == 0 && !rules_.window && others > 0 && above_.list.size() >= others;
    return is_enough_above ? std::min(reach, above_.list[others - 1].number - anchor_.number - 1) : reach;
}

void Attempt::gather_all_in_turn(std::size_t want) {
    for (auto spot = lines_.first(table_.rest(anchor_.place).line); spot; spot = lines_.next(*spot)) {
        above_.is_all = above_.list.size() < want;
        if (!above_.is_all || !consider(lines_.place(*spot), 0, above_.list)) return;
    }
}

void Attempt::gather_above(std::size_t want, std::int64_t reach) {
    const auto own = lines_.find(anchor_.place);
    for (auto spot = lines_.next(own); spot; spot = lines_.next(*spot)) {
        const auto distance = lines_.key(*spot) - anchor_.number;
        if (distance > reach) return;
        above_.is_all = above_.list.size() < want;
        if (!above_.is_all || !consider(lines_.place(*spot), lines_.key(*spot), above_.list)) return;
    }
}

// Downwards from one number to the next, but among those with the same number who came first goes first.
void Attempt::gather_below(std::size_t want, std::int64_t reach) {
    if (reach < 0) return;
    const auto own = lines_.find(anchor_.place);
    for (auto last = lines_.previous(own); last;) {
        const auto key = lines_.key(*last);
        const auto distance = anchor_.number - key;
        if (distance > reach) return;
        auto before = lines_.previous(*last);
        if (before && lines_.key(*before) == key) {
            const auto first = lines_.first_of_equals(*before);
            if (!gather_group(first, own, want)) return;
            before = lines_.previous(first);
        } else {
            below_.is_all = below_.list.size() < want;
            if (!below_.is_all || !consider(lines_.place(*last), key, below_.list)) return;
        }
        last = before;
    }
}

bool Attempt::gather_group(Lines::Spot first, Lines::Spot own, std::size_t want) {
    const auto key = lines_.key(first);
    for (auto spot = std::optional(first); spot && *spot != own && lines_.key(*spot) == key; spot = lines_.next(*spot)) {
        below_.is_all = below_.list.size() < want;
        if (!below_.is_all || !consider(lines_.place(*spot), key, below_.list)) return false;
    }
    return true;
}

bool Attempt::is_blocked(std::uint32_t a, std::uint32_t b) const {
    const auto blocks = [&](std::uint32_t who, std::uint32_t whom) {
        if (!table_[who].has_more) return false;
        const auto& blocked = table_.mores[table_.rest(who).more].blocked;
        if (blocked.empty()) return false;
        const auto is_on_list = [&](std::uint64_t player) { return std::ranges::binary_search(blocked, player); };
        if (is_on_list(table_.rest(whom).player)) return true;
        return table_[whom].has_more && std::ranges::any_of(table_.mores[table_.rest(whom).more].others, is_on_list);
    };
    return blocks(a, b) || blocks(b, a);
}

}  // namespace gk::match
