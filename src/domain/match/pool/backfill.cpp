#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <ranges>
#include <utility>

#include "domain/match/pool/pool.hpp"

// Pool's running matches that would take more players.
namespace gk::match {

void Pool::put(Backfill backfill) {
    remove_backfill(backfill.match);
    Running running{.match = backfill.match, .since = backfill.since, .open_slots = backfill.open_slots, .same = {}, .least = {}, .most = {}};
    running.there.resize(rules_.teams.size());
    for (std::size_t i = 0; i < backfill.players.size(); ++i) {
        Ticket alone{.players = {std::move(backfill.players[i])}, .joined_at = backfill.since};
        if (backfill.teams[i] < running.there.size()) ++running.there[backfill.teams[i]];
        // Somebody who lacks what the rules ask for now (they were changed) is no reason to leave the others alone.
        const auto entry = read_entry(alone, rules_, options_.seed);
        if (!entry) continue;
        running.same = entry->same;
        running.least = std::min(running.least.value_or(entry->number), entry->number);
        running.most = std::max(running.most.value_or(entry->number), entry->number);
        running.players.push_back(entry->players.front());
        running.blocked.insert(running.blocked.end(), entry->blocked.begin(), entry->blocked.end());
        std::array<std::uint16_t, regions_most> latency;
        latency.fill(not_measured);
        for (const auto& [region, value] : entry->latencies) {
            if (const auto number = region_of(region); number < regions_most) latency[number] = value;
        }
        std::ranges::transform(running.latency, latency, running.latency.begin(), std::ranges::max);
    }
    std::ranges::sort(running.blocked);
    running_.push_back(std::move(running));
}

void Pool::remove_backfill(MatchId match) {
    std::erase_if(running_, [&](const Running& running) { return running.match == match; });
}

// Each takes whom it may in the order of priority and waiting.
void Pool::fill_running(Time now, std::uint32_t& budget, std::vector<Proposal>& proposals) {
    for (auto& running : running_) {
        const auto line = line_of_.find(key_of(running.same));
        if (running.open_slots == 0 || line == line_of_.end()) continue;
        collect_for(running, line->second, now, budget);
        Proposal proposal{.joins = running.match};
        auto joined = running;  // As it will be with those who were taken so far.
        for (const auto place : wanted_) {
            const auto team = room_in(joined, place, now);
            if (!team) continue;
            take_in(joined, place, *team, now);
            proposal.placed.push_back({.handle = handle_of(place), .team = *team});
            leave(place);
        }
        if (proposal.placed.empty()) continue;
        proposal.quality = quality_of(std::accumulate(joined.there.begin(), joined.there.end(), 0U), *joined.most - *joined.least);
        running.open_slots = 0;  // Until it is put again.
        proposals.push_back(std::move(proposal));
    }
}

// When the rules of a running match next relax.
std::optional<Time> Pool::next_of_running() const {
    std::optional<Time> next;
    for (const auto& running : running_) {
        const auto step = attempt_.step_at(last_pass_ - running.since) + 1;
        if (running.open_slots == 0 || step >= rules_.steps.size()) continue;
        next = std::min(next.value_or(Time::max()), running.since + rules_.steps[step].from);
    }
    return next;
}

// Who waits within reach of a running match, in turn, into `wanted_`.
void Pool::collect_for(const Running& running, Lines::Line line, Time now, std::uint32_t& budget) {
    wanted_.clear();
    const auto spread = rules_.steps[attempt_.step_at(now - running.since)].spread;
    const auto least = rules_.number ? running.most.value_or(0) - spread : std::numeric_limits<std::int64_t>::min();
    const auto most = rules_.number ? running.least.value_or(0) + spread : std::numeric_limits<std::int64_t>::max();
    for (auto spot = lines_.first_at_least(line, least); spot && lines_.key(*spot) <= most && budget != 0; spot = lines_.next(*spot), --budget)
        wanted_.push_back(lines_.place(*spot));
    std::ranges::sort(wanted_, [&](std::uint32_t a, std::uint32_t b) { return table_.is_before(a, b); });
}

// The team that the ticket would go to: of those with room the one with the fewest players. None: the rules, a block list or the room forbid it.
std::optional<std::uint32_t> Pool::room_in(const Running& running, std::uint32_t place, Time now) const {
    // By the newest, what the ticket's own age allows counts as well.
    const auto age = now - (rules_.is_by_oldest ? running.since : std::max(running.since, table_.joined(place)));
    const auto& step = rules_.steps[attempt_.step_at(age)];
    const auto number = table_[place].number;
    const auto least = std::min(running.least.value_or(number), number);
    const auto most = std::max(running.most.value_or(number), number);
    if (most - least > step.spread || std::max(number - least, most - number) > attempt_.window_of(place, now)) return std::nullopt;
    if (number < running.from || number > running.to || table_[place].width > running.open_slots) return std::nullopt;
    if (is_unwanted(running, place)) return std::nullopt;
    if (!rules_.latency_rule.empty() && !has_region(running, place, step)) return std::nullopt;
    const auto team = std::ranges::min_element(running.there);
    if (*team + table_[place].width > step.team_most) return std::nullopt;
    return static_cast<std::uint32_t>(team - running.there.begin());
}

bool Pool::has_region(const Running& running, std::uint32_t place, const PlainRules::Step& step) const {
    for (std::size_t region = 0; region < regions_.size(); ++region) {
        if (std::max(running.latency[region], table_.latency[region][place]) <= step.latency) return true;
    }
    return false;
}

bool Pool::is_unwanted(const Running& running, std::uint32_t place) const {
    const auto is_on_list = [&](std::uint64_t player) { return std::ranges::binary_search(running.blocked, player); };
    if (is_on_list(table_.rest(place).player)) return true;
    if (!table_[place].has_more) return false;
    const auto& more = table_.mores[table_.rest(place).more];
    const auto is_blocked = [&](std::uint64_t player) { return std::ranges::binary_search(more.blocked, player); };
    return std::ranges::any_of(more.others, is_on_list) || std::ranges::any_of(running.players, is_blocked);
}

void Pool::take_in(Running& running, std::uint32_t place, std::uint32_t team, Time now) const {
    const auto number = table_[place].number;
    running.least = std::min(running.least.value_or(number), number);
    running.most = std::max(running.most.value_or(number), number);
    running.there[team] += table_[place].width;
    running.open_slots -= table_[place].width;
    running.players.push_back(table_.rest(place).player);
    // Whoever is taken after it lies in its window, and its age counts when it is the newest.
    running.from = std::max(running.from, number - attempt_.window_of(place, now));
    running.to = std::min(running.to, number + attempt_.window_of(place, now));
    if (!rules_.is_by_oldest) running.since = std::max(running.since, table_.joined(place));
    for (std::size_t region = 0; region < regions_.size(); ++region)
        running.latency[region] = std::max(running.latency[region], table_.latency[region][place]);
    if (!table_[place].has_more) return;
    const auto& more = table_.mores[table_.rest(place).more];
    running.players.insert(running.players.end(), more.others.begin(), more.others.end());
    running.blocked.insert(running.blocked.end(), more.blocked.begin(), more.blocked.end());
    std::ranges::sort(running.blocked);
}

}  // namespace gk::match
