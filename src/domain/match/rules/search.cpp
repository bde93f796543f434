#include "domain/match/rules/search.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "domain/match/rules/order.hpp"
#include "domain/match/rules/search_state.hpp"

namespace gk::match {
namespace {

constexpr std::uint64_t shares = 16;         // Of the budget: what one ticket may take at first.
constexpr std::size_t waits_kept = 64;       // For the estimate.
constexpr Milliseconds window_step{250};     // How often growing windows are looked at.

}  // namespace

Search::State::State(std::vector<Stage> stages, Engine::Options options) : program_(stages, words_), filler_(program_), options_(options) {}

Candidate Search::State::candidate(std::uint32_t number) const {
    return {.ticket = &entries_[number].profile, .number = number, .level = entries_[number].level};
}

Result<Handle, std::string> Search::State::add(const Ticket& ticket) {
    TRY(profile, program_.read(ticket));
    std::uint32_t number = 0;
    if (free_.empty()) {
        number = static_cast<std::uint32_t>(entries_.size());
        entries_.emplace_back();
    } else {
        number = free_.back();
        free_.pop_back();
    }
    auto& added = entry(number);
    added.is = Entry::Is::waiting;
    added.is_fresh = true;
    added.level = 0;
    added.arrival = ++arrivals_;
    added.share = options_.budget / shares + 1;
    added.profile = std::move(profile);
    order_.push_back(number);
    is_order_stale_ = true;
    ++waiting_;
    return handle_of(number);
}

Handle Search::State::handle_of(std::uint32_t number) const {
    return static_cast<Handle>(std::uint64_t{entries_[number].generation} << 32U | number);
}

std::optional<std::uint32_t> Search::State::number_of(Handle handle) const {
    const auto number = static_cast<std::uint32_t>(std::to_underlying(handle));
    const bool is_here = number < entries_.size() && entries_[number].is != Entry::Is::free && handle_of(number) == handle;
    return is_here ? std::optional(number) : std::nullopt;
}

void Search::State::remove(Handle handle) {
    const auto number = number_of(handle);
    if (!number) return;
    auto& removed = entry(*number);
    if (removed.is == Entry::Is::waiting) {
        std::erase(order_, *number);
        --waiting_;
    }
    release_words(removed.profile, words_);
    removed.is = Entry::Is::free;
    removed.profile = Profile();
    ++removed.generation;
    free_.push_back(*number);
}

void Search::State::release(Handle handle) {
    const auto number = number_of(handle);
    if (!number || entry(*number).is != Entry::Is::proposed) return;
    auto& released = entry(*number);
    released.is = Entry::Is::waiting;
    released.is_fresh = true;
    released.share = options_.budget / shares + 1;
    order_.push_back(*number);
    is_order_stale_ = true;
    ++waiting_;
}

void Search::State::put(const Backfill& backfill) {
    remove_backfill(backfill.match);
    Running running{.match = backfill.match, .since = backfill.since, .open_slots = backfill.open_slots, .players = {}, .there = {}};
    for (std::size_t i = 0; i < backfill.players.size(); ++i) {
        Ticket alone;
        alone.players.push_back(backfill.players[i]);
        alone.joined_at = backfill.since;
        auto profile = program_.read(alone);
        // Somebody who lacks what the rules ask for now (they were changed) is no reason to leave the others alone.
        if (!profile) continue;
        running.players.push_back(std::move(*profile));
        running.there.push_back({.who = {.ticket = &running.players.back(), .number = 0, .level = 0}, .team = backfill.teams[i]});
    }
    running_.push_back(std::move(running));
}

void Search::State::remove_backfill(MatchId match) {
    const auto found = std::ranges::find(running_, match, &Running::match);
    if (found == running_.end()) return;
    for (const auto& profile : found->players) release_words(profile, words_);
    running_.erase(found);
}

void Search::State::put_in_order() {
    if (!is_order_stale_) return;
    is_order_stale_ = false;
    std::ranges::sort(order_, {}, [&](std::uint32_t number) {
        const auto& waiting = entry(number);
        return std::tuple(-std::int64_t{waiting.profile.priority}, waiting.profile.joined_at, waiting.arrival);
    });
}

void Search::State::age(Time now) {
    for (const auto number : order_) {
        auto& waiting = entry(number);
        const auto level = program_.level_at(now - waiting.profile.joined_at);
        if (level == waiting.level && !program_.has_growing_windows()) continue;
        waiting.level = level;
        waiting.is_fresh = true;
        waiting.share = options_.budget / shares + 1;
    }
    for (auto& running : running_) {
        const auto level = program_.level_at(now - running.since);
        running.is_fresh = running.is_fresh || level != running.level;
        running.level = level;
        for (auto& placed : running.there) placed.who.level = level;
    }
}

std::vector<Proposal> Search::State::pass(Time now) {
    last_pass_ = now;
    is_cut_short_ = false;
    put_in_order();
    age(now);
    std::vector<Proposal> out;
    Looks looks{.left = options_.budget};
    const bool is_last = program_.algorithm().backfill_priority == Algorithm::BackfillPriority::low;
    if (!is_last) fill_running(now, looks, out);
    search_fresh(now, looks, out);
    if (is_last) fill_running(now, looks, out);
    std::erase_if(order_, [&](std::uint32_t number) { return !is_waiting(number); });
    is_cut_short_ = is_cut_short_ || looks.has_ended;
    return out;
}

// Whom the running matches had not seen before. (With low priority all who still wait: who was searched for is not fresh any more.)
void Search::State::fill_running(Time now, Looks& looks, std::vector<Proposal>& out) {
    const bool is_last = program_.algorithm().backfill_priority == Algorithm::BackfillPriority::low;
    for (auto& running : running_) {
        if (running.open_slots == 0) continue;
        std::vector<Candidate> others;
        for (const auto number : order_) {
            if (is_waiting(number) && (is_last || running.is_fresh || entry(number).is_fresh)) others.push_back(candidate(number));
        }
        running.is_fresh = false;
        auto level = running.level;
        for (const auto& other : others) level = std::max(level, other.level);
        Found found;
        for (std::size_t lead = 0; lead <= level && found.empty(); ++lead) {
            const Filler::Wish wish{
                .there = running.there, .others = others, .level = lead, .now = now, .room = running.open_slots, .first = nullptr};
            found = filler_.fill(wish, looks);
        }
        if (looks.has_ended) running.is_fresh = true;
        if (found.empty()) continue;
        out.push_back(propose(found, running.there.size(), now));
        out.back().joins = running.match;
        running.open_slots = 0;
    }
}

void Search::State::search_fresh(Time now, Looks& looks, std::vector<Proposal>& out) {
    std::vector<std::uint32_t> fresh;
    for (const auto number : order_) {
        if (entry(number).is_fresh) fresh.push_back(number);
    }
    for (const auto number : fresh) {
        auto& subject = entry(number);
        if (!is_waiting(number)) continue;
        if (looks.left == 0) {
            looks.has_ended = true;
            return;
        }
        Looks own{.left = std::min(subject.share, looks.left)};
        const auto given = own.left;
        const auto found = search_for(number, now, own);
        looks.left -= given - own.left;
        if (!found.empty()) {
            out.push_back(propose(found, 0, now));
            continue;
        }
        subject.is_fresh = own.has_ended && subject.share < options_.budget;
        if (own.has_ended) {
            is_cut_short_ = true;
            subject.share = std::min<std::uint64_t>(subject.share * 2, options_.budget);
        }
    }
}

// By the strictest rules first: they make the better match, and who has waited long is not worse off for it.
Search::State::Found Search::State::search_for(std::uint32_t number, Time now, Looks& looks) {
    auto last = entry(number).level;
    if (program_.algorithm().expansion_age == Algorithm::Age::oldest) {
        for (const auto other : order_) last = std::max(last, entry(other).level);
    }
    for (std::size_t level = 0; level <= last && !looks.has_ended; ++level) {
        auto found = search_at(number, level, now, looks);
        if (!found.empty()) return found;
    }
    return {};
}

// Whether somebody of this age can be in a match to which the rules of `level` apply.
bool Search::State::may_be_in_match_of(std::size_t own_level, std::size_t level) const {
    return program_.algorithm().expansion_age == Algorithm::Age::oldest || own_level >= level;
}

// The next ones from `from` on who could go with it, until there are `count`.
std::vector<Candidate> Search::State::collect(std::uint32_t number, std::size_t level, std::size_t& from, std::size_t count, Looks& looks) {
    std::vector<Candidate> others;
    for (; from < order_.size() && others.size() < count; ++from) {
        const auto other = order_[from];
        if (other == number || !is_waiting(other) || !may_be_in_match_of(entry(other).level, level)) continue;
        if (!looks.take(1)) break;
        const Filler::Pair pair{.one = entry(number).profile, .other = entry(other).profile, .level = level, .now = last_pass_};
        if (filler_.could_go_together(pair)) others.push_back(candidate(other));
    }
    return others;
}

Search::State::Found Search::State::search_at(std::uint32_t number, std::size_t level, Time now, Looks& looks) {
    const auto& rules = program_.levels()[level];
    const auto subject = candidate(number);
    Filler::Wish wish{.there = {}, .others = {}, .level = level, .now = now, .room = {}, .first = &subject};
    std::vector<Candidate> others;
    std::size_t from = 0;
    // Without sorts, whoever waited longest is as good as the rest: a full match of the first ones needs no look at all the others.
    std::size_t count = rules.sorts.empty() ? std::size_t{4} * rules.most : std::numeric_limits<std::size_t>::max();
    for (bool is_all = false; !is_all && !looks.has_ended;) {
        const auto more = collect(number, level, from, count, looks);
        others.insert(others.end(), more.begin(), more.end());
        is_all = from >= order_.size();
        count = others.size() + count;
        order_for(rules, *subject.ticket, others);
        wish.others = others;
        auto found = rules.latency && program_.is_balanced() ? fill_by_region(subject, others, wish, looks) : filler_.fill(wish, looks);
        std::uint32_t players = 0;
        for (const auto& placed : found) players += placed.who.ticket->width;
        if (!found.empty() && (is_all || players == rules.most)) return found;
    }
    if (looks.has_ended || program_.is_large()) return {};
    return filler_.try_all(wish, looks);
}

// The nearest region first, or the one with most players; only those for whom it is near enough.
Search::State::Found Search::State::fill_by_region(const Candidate& subject, const std::vector<Candidate>& others, Filler::Wish wish, Looks& looks) {
    struct Group {
        Word region{};
        double latency = 0;
        std::vector<Candidate> members;
    };
    const auto [column, most] = *program_.levels()[wish.level].latency;
    std::vector<Group> groups;
    for (const auto& [region, latency] : subject.ticket->latencies[column]) {
        if (latency > most) continue;
        auto& group = groups.emplace_back(Group{.region = region, .latency = latency, .members = {}});
        for (const auto& other : others) {
            const auto entries = other.ticket->latencies[column];
            const auto found = std::ranges::find(entries, region, &MapEntry::key);
            if (found != entries.end() && found->value <= most) group.members.push_back(other);
        }
    }
    const bool is_nearest_first = program_.algorithm().batching == Algorithm::Batching::fastest_region;
    std::ranges::sort(groups, {}, [&](const Group& group) {
        const auto nearness = std::pair(group.latency, group.region);
        return is_nearest_first ? std::tuple(0.0, nearness) : std::tuple(-static_cast<double>(group.members.size()), nearness);
    });
    for (const auto& group : groups) {
        wish.others = group.members;
        auto found = filler_.fill(wish, looks);
        if (!found.empty()) return found;
    }
    return {};
}

Proposal Search::State::propose(const Found& found, std::size_t already_there, Time now) {
    Proposal proposal;
    std::uint32_t players = 0;
    std::size_t level = program_.levels().size() - 1;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto& [who, team] = found[i];
        players += who.ticket->width;
        level = std::min(level, who.level);
        if (i < already_there) continue;
        auto& placed = entry(who.number);
        placed.is = Entry::Is::proposed;
        placed.is_fresh = false;
        --waiting_;
        proposal.placed.push_back({.handle = handle_of(who.number), .team = team});
        if (waits_.size() < waits_kept) waits_.emplace_back();
        waits_[next_wait_++ % waits_kept] = now - placed.profile.joined_at;
    }
    proposal.region = nearest_region(found);
    // Half for how strict the rules were that it meets, half for how full it is.
    const double strictness = 1.0 - static_cast<double>(level) / static_cast<double>(program_.levels().size());
    proposal.quality = strictness / 2 + static_cast<double>(players) / program_.levels()[level].most / 2;
    return proposal;
}

// Where the one who is farthest away is nearest; of those regions that everybody measured.
std::string Search::State::nearest_region(const Found& found) const {
    std::string best;
    double best_latency = std::numeric_limits<double>::max();
    for (const auto& [region, own] : found.front().who.ticket->regions) {
        double farthest = own;
        for (const auto& placed : found) {
            const auto& regions = placed.who.ticket->regions;
            const auto entry = std::ranges::find(regions, region, &MapEntry::key);
            farthest = entry == regions.end() ? std::numeric_limits<double>::max() : std::max(farthest, entry->value);
            if (entry == regions.end()) break;
        }
        if (farthest >= best_latency) continue;
        best_latency = farthest;
        best = words_.text(region);
    }
    return best;
}

std::optional<Time> Search::State::next_pass() const {
    if (is_cut_short_) return last_pass_;
    std::optional<Time> next;
    const auto earlier = [&](Time at) { next = std::min(next.value_or(at), at); };
    const auto ages_at = [&](Time since, std::size_t level) {
        if (level + 1 < program_.levels().size()) earlier(since + program_.levels()[level + 1].from);
    };
    for (const auto number : order_) ages_at(entries_[number].profile.joined_at, entries_[number].level);
    for (const auto& running : running_) {
        if (running.open_slots > 0) ages_at(running.since, running.level);
    }
    if (program_.has_growing_windows() && waiting_ > 1) earlier(last_pass_ + window_step);
    return next;
}

std::optional<Milliseconds> Search::State::usual_wait() const {
    if (waits_.empty()) return std::nullopt;
    auto sorted = waits_;
    std::ranges::sort(sorted);
    return sorted[sorted.size() / 2];
}

Explanation Search::State::explain(Handle handle, Time now) {
    const auto asked = number_of(handle);
    if (!asked) return {};
    const auto& subject = entry(*asked);
    const auto age = now - subject.profile.joined_at;
    const auto own = program_.level_at(age);
    const bool is_newest = program_.algorithm().expansion_age == Algorithm::Age::newest;
    Explanation out;
    for (const auto& rule : program_.levels()[own].rules) out.rules.push_back({.rule = rule.name, .kept_out = 0});
    out.rules.push_back({.rule = "block list", .kept_out = 0});
    for (const auto number : order_) {
        const auto& other = entry(number);
        if (&other == &subject) continue;
        ++out.looked_at;
        const auto theirs = program_.level_at(now - other.profile.joined_at);
        const auto level = is_newest ? std::min(own, theirs) : std::max(own, theirs);
        const Filler::Pair pair{.one = subject.profile, .other = other.profile, .level = level, .now = now};
        for (const auto rule : filler_.what_keeps_apart(pair)) ++out.rules[rule].kept_out;
        if (is_blocked(subject.profile, other.profile)) ++out.rules.back().kept_out;
    }
    if (own + 1 < program_.levels().size()) out.next_step = program_.levels()[own + 1].from - age;
    if (const auto usual = usual_wait()) out.estimate = std::max(Milliseconds(0), *usual - age);
    return out;
}

Search::Search(std::vector<Stage> stages, Engine::Options options) : state_(std::make_unique<State>(std::move(stages), options)) {}
Search::~Search() = default;
Result<Handle, std::string> Search::add(const Ticket& ticket) { return state_->add(ticket); }
void Search::remove(Handle handle) { state_->remove(handle); }
void Search::release(Handle handle) { state_->release(handle); }
void Search::put(Backfill backfill) { state_->put(backfill); }
void Search::remove_backfill(MatchId match) { state_->remove_backfill(match); }
std::vector<Proposal> Search::pass(Time now) { return state_->pass(now); }
bool Search::is_cut_short() const { return state_->is_cut_short(); }
std::optional<Time> Search::next_pass() const { return state_->next_pass(); }
Explanation Search::explain(Handle handle, Time now) const { return state_->explain(handle, now); }
std::size_t Search::waiting() const { return state_->waiting(); }
std::span<const std::string> Search::team_names() const { return state_->team_names(); }

}  // namespace gk::match
