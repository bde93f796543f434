#include <algorithm>
#include <limits>
#include <utility>

#include "domain/match/pool/pool.hpp"

// Pool's search: whom a pass looks at, and what becomes of them.
namespace gk::match {

std::vector<Proposal> Pool::pass(Time now) {
    last_pass_ = now;
    take_due(now);
    collect_anchors(now);
    std::vector<Proposal> proposals;
    proposals.reserve(anchors_.size() / (attempt_.others_most() + 1));
    auto budget = options_.budget;
    const bool are_last = rules_.backfill == Algorithm::BackfillPriority::low;
    if (!are_last) fill_running(now, budget, proposals);
    const auto given = budget;
    for (std::size_t i = 0; i < anchors_.size(); ++i) {
        const auto anchor = anchors_[i];
        prefetch_behind(i);
        if (table_[anchor].standing != Standing::waiting) continue;
        const bool has_all = budget == given && given > options_.budget / 2;
        if (budget != 0 && attempt_.run(anchor, now, budget)) proposals.push_back(propose(now));
        else if (budget != 0) give_up(anchor, now);
        else if (has_all) put_off(anchor, now);
        else unfinished_.push_back(anchor);
    }
    show_hidden(now);
    if (are_last) fill_running(now, budget, proposals);
    drop_stale_timers();
    return proposals;
}

// Anchors come in the order of waiting and stand in the order of their numbers: each is far from the one before in memory. That the next ones are
// fetched while this one is searched for takes a third off a pass over a million.
void Pool::prefetch_behind(std::size_t anchor) const {
    if (!rules_.number) return;
    const auto waits = [&](std::size_t behind) {
        return anchor + behind < anchors_.size() && table_[anchors_[anchor + behind]].standing == Standing::waiting;
    };
    if (waits(12)) lines_.prefetch(anchors_[anchor + 12]);
    if (waits(8)) lines_.prefetch_beside(anchors_[anchor + 8], attempt_.others_most());
    if (waits(4)) lines_.prefetch_neighbours(anchors_[anchor + 4], attempt_.others_most());
}

// Those who were given up are there for the next pass, and nobody looks at them until something happens near them.
void Pool::show_hidden(Time now) {
    for (const auto place : hidden_) {
        lines_.show(place);
        lines_.settle(place);
    }
    if (rules_.window) {
        for (const auto place : hidden_) arm_for_window(place, now);
    }
    hidden_.clear();
}

// Whose timer is due, is to be looked at.
void Pool::take_due(Time now) {
    for (const auto* first = timers_.first(); first != nullptr && first->at <= now; first = timers_.first()) {
        if (is_armed(*first)) {
            table_.rest(first->place).armed = nothing_armed;
            lines_.unsettle(first->place);
            fresh_.push_back(first->place);
        }
        timers_.pop();
    }
}

bool Pool::is_armed(const Timers::Entry& entry) const {
    return table_[entry.place].generation == entry.generation && table_[entry.place].standing == Standing::waiting &&
           table_.rest(entry.place).armed == entry.at.time_since_epoch().count();
}

void Pool::drop_stale_timers() {
    while (timers_.first() != nullptr && !is_armed(*timers_.first())) timers_.pop();
}

void Pool::collect_anchors(Time now) {
    anchors_.clear();
    std::swap(anchors_, fresh_);
    anchors_.insert(anchors_.end(), unfinished_.begin(), unfinished_.end());
    unfinished_.clear();
    std::erase_if(anchors_, [&](std::uint32_t place) { return table_[place].standing != Standing::waiting; });
    wake_near_fresh(now);
    sort_anchors(now);
}

// How far away somebody may stand to whom the coming of this ticket matters.
std::int64_t Pool::reach_of(std::uint32_t place, Time now) const {
    const auto step = rules_.is_by_oldest ? rules_.steps.size() - 1 : attempt_.step_at(now - table_.joined(place));
    // Somebody who waits for a shorter time may come within its own window of one who comes late, and does not know yet when.
    const auto window = table_[place].is_late && rules_.window ? rules_.window->most : attempt_.window_of(place, now);
    return std::min(rules_.steps[step].spread, window);
}

void Pool::wake_near_fresh(Time now) {
    reaches_.clear();
    for (const auto place : anchors_) {
        if (lines_.settled(table_.rest(place).line) == 0) continue;
        const auto reach = reach_of(place, now);
        const auto key = rules_.number ? table_[place].number : 0;
        reaches_.push_back({.line = table_.rest(place).line, .least = key - reach, .most = key + reach});
    }
    std::ranges::sort(reaches_, {}, [](const Reach& reach) { return std::pair(reach.line, reach.least); });
    for (std::size_t i = 0; i < reaches_.size();) {
        auto [line, least, most] = reaches_[i];
        for (++i; i < reaches_.size() && reaches_[i].line == line && reaches_[i].least <= most; ++i) most = std::max(most, reaches_[i].most);
        lines_.wake(line, rules_.number ? least : std::numeric_limits<std::int64_t>::min(),
                    rules_.number ? most : std::numeric_limits<std::int64_t>::max(), anchors_);
    }
}

// In the order of priority and waiting. By the oldest, those come first whose age allows most: so nobody who was given up could still be in a match
// with who comes after him.
void Pool::sort_anchors(Time now) {
    const auto step_of = [&](std::uint32_t place) { return rules_.is_by_oldest ? attempt_.step_at(now - table_.joined(place)) : 0; };
    const auto key_of = [&](std::uint32_t place) {
        return Order{.step = step_of(place), .turn = table_[place].turn, .sequence = table_[place].sequence, .place = place};
    };
    const auto is_before = [](const Order& a, const Order& b) {
        if (a.step != b.step) return a.step > b.step;
        return a.turn != b.turn ? a.turn < b.turn : a.sequence < b.sequence;
    };
    const auto is_after_or_same = [&](std::uint32_t a, std::uint32_t b) { return !is_before(key_of(a), key_of(b)); };
    if (std::ranges::adjacent_find(anchors_, is_after_or_same) == anchors_.end()) return;
    order_.clear();
    for (const auto place : anchors_) order_.push_back(key_of(place));
    std::ranges::sort(order_, is_before);
    anchors_.clear();
    for (const auto& one : order_) {
        if (anchors_.empty() || anchors_.back() != one.place) anchors_.push_back(one.place);
    }
}

Proposal Pool::propose(Time now) {
    parties_.clear();
    for (const auto& taken : attempt_.taken())
        parties_.push_back({.width = table_[taken.place].width, .number = table_[taken.place].number, .team = taken.team});
    if (rules_.number) split_.improve(parties_, static_cast<std::uint32_t>(rules_.teams.size()));
    Proposal proposal;
    proposal.placed.reserve(parties_.size());
    for (std::size_t i = 0; i < parties_.size(); ++i) {
        const auto place = attempt_.taken()[i].place;
        proposal.placed.push_back({.handle = handle_of(place), .team = parties_[i].team});
        const auto waited = std::max<std::int64_t>(0, (now - table_.joined(place)).count());
        usual_wait_ += (waited - usual_wait_) / 16;
        leave(place);
    }
    proposal.region = best_region();
    proposal.quality = quality_of(attempt_.players(), attempt_.spread());
    return proposal;
}

// The one whose worst latency is the least, of those that all have measured.
std::string Pool::best_region() const {
    std::size_t best = regions_.size();
    std::uint16_t best_latency = not_measured;
    for (std::size_t region = 0; region < regions_.size(); ++region) {
        std::uint16_t worst = 0;
        for (const auto& taken : attempt_.taken()) worst = std::max(worst, table_.latency[region][taken.place]);
        if (worst >= best_latency) continue;
        best = region;
        best_latency = worst;
    }
    return best == regions_.size() ? std::string() : regions_[best];
}

// The share of players that are there, times how near they are: 1 when all have the same number, a half at the spread that the first step allows.
double Pool::quality_of(std::uint32_t players, std::int64_t spread) const {
    const auto share = static_cast<double>(players) / static_cast<double>(rules_.steps.back().team_most * rules_.teams.size());
    const auto allowed = std::min(rules_.steps.front().spread, rules_.window ? rules_.window->base : PlainRules::no_limit);
    return share * static_cast<double>(allowed + 1) / static_cast<double>(allowed + 1 + spread);
}

// There is no match for it now: nobody else needs to think of it in this pass.
void Pool::give_up(std::uint32_t place, Time now) {
    lines_.hide(place);
    hidden_.push_back(place);
    const auto step = attempt_.step_at(now - table_.joined(place));
    if (step + 1 < rules_.steps.size()) arm(place, table_.joined(place) + rules_.steps[step + 1].from);
}

// Its window grows until it meets the next who stands outside: then there may be a match.
void Pool::arm_for_window(std::uint32_t place, Time now) {
    const auto window = attempt_.window_of(place, now);
    const auto line = table_.rest(place).line;
    const auto above = lines_.first_at_least(line, table_[place].number + window + 1);
    const auto inside = lines_.first_at_least(line, table_[place].number - window);
    const auto below = inside ? lines_.previous(*inside) : std::nullopt;
    auto nearest = PlainRules::no_limit;
    if (above) nearest = lines_.key(*above) - table_[place].number;
    if (below) nearest = std::min(nearest, table_[place].number - lines_.key(*below));
    const auto& [base, each_second, most] = *rules_.window;
    if (nearest == PlainRules::no_limit || nearest > std::min(most, rules_.steps.back().spread) || each_second == 0) return;
    arm(place, table_.joined(place) + Milliseconds(((nearest - base) * 1000 + each_second - 1) / each_second));
}

// A whole budget was not enough for this one alone: the others come first.
void Pool::put_off(std::uint32_t place, Time now) {
    lines_.settle(place);
    arm(place, now + cut_pause);
}

void Pool::arm(std::uint32_t place, Time at) {
    const auto due = at.time_since_epoch().count();
    if (due >= table_.rest(place).armed) return;
    table_.rest(place).armed = due;
    timers_.arm({.at = at, .place = place, .generation = table_[place].generation});
}

}  // namespace gk::match
