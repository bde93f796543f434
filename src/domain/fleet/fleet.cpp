#include "domain/fleet/fleet.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "domain/fleet/roster.hpp"

namespace gk::fleet {
namespace {

constexpr double smoothing = 0.125;
constexpr double taken_per_second_most = 10'000;

struct Counts {
    std::uint32_t all = 0;
    std::uint32_t starting = 0;
    std::uint32_t ready = 0;      // Of the present generation, heard of.
    std::uint32_t allocated = 0;
};

bool is_lost(const Server& server, Time now) { return server.state == ServerState::ready && is_silent_for(server, replaced_after, now); }

// Who began at it or before has been starting for too long.
Time too_slow_since(const Fleet& fleet, Time now) { return now - fleet.start_limit; }

std::uint32_t too_slow(const Roster::Row& starting, Time since) {
    std::uint32_t count = 0;
    for (auto at = starting.begin(); at != starting.end() && at->since <= since; ++at) ++count;
    return count;
}

Counts count(const Fleet& fleet, const Roster& roster, std::uint32_t beginning, Time now) {
    Counts counts{.all = static_cast<std::uint32_t>(roster.size()) + beginning,
                  .starting = beginning,
                  .ready = 0,
                  .allocated = roster.count(ServerState::allocated)};
    const auto present = roster.generations().find(fleet.generation);
    if (present == roster.generations().end()) return counts;
    const auto& [starting, ready] = present->second;
    counts.starting += static_cast<std::uint32_t>(starting.size()) - too_slow(starting, too_slow_since(fleet, now));
    const auto is_silent = [&](ServerUid uid) {
        const auto* server = roster.find(uid);
        return server->generation == fleet.generation && !may_be_allocated(*server, now);
    };
    counts.ready = static_cast<std::uint32_t>(ready.size()) - static_cast<std::uint32_t>(std::ranges::count_if(roster.silent(), is_silent));
    return counts;
}

std::uint32_t needed_now(const Autopilot& autopilot, const Use& use, std::uint32_t allocated) {
    const auto for_share = std::ceil(allocated * autopilot.percent / 100.0);
    const auto for_starts = std::ceil(use.taken_per_second * static_cast<double>(use.start_time.count()) / 1000.0);
    const auto needed = static_cast<std::uint32_t>(std::min(std::max(for_share, for_starts), static_cast<double>(autopilot.most)));
    return std::clamp(needed, autopilot.least, std::max(autopilot.least, autopilot.most));
}

// More at once, fewer only after a calm time.
void decide_wanted(const Fleet& fleet, std::uint32_t allocated, Plan& out, Time now) {
    auto& use = out.use;
    const auto needed = fleet.autopilot ? needed_now(*fleet.autopilot, use, allocated) : fleet.ready;
    const auto calm = fleet.autopilot ? fleet.autopilot->calm : Milliseconds(0);
    if (needed < use.wanted && now - use.needed_at < calm) {
        out.next = use.needed_at + calm;
        return;
    }
    use.wanted = needed;
    use.needed_at = now;
}

// An old server serves until a new one can stand in for it. Where there is no room for a new one beside it, a quarter of them makes room.
std::size_t old_to_stop(const Fleet& fleet, const Counts& counts, std::uint32_t wanted) {
    const bool is_full = counts.all >= fleet.most && counts.ready + counts.starting < wanted;
    const auto makes_room = is_full && counts.starting == 0 ? std::max(1U, wanted / 4) : 0U;
    return wanted == 0 ? counts.all : counts.ready + makes_room;
}

// Those of an older generation too that only start.
void add_useless(const Fleet& fleet, const Roster& roster, Time now, std::vector<ServerUid>& stop) {
    for (const auto uid : roster.silent()) {
        if (is_lost(*roster.find(uid), now)) stop.push_back(uid);
    }
    for (const auto& [generation, servers] : roster.generations()) {
        const bool is_old = generation != fleet.generation;
        for (const auto& [since, uid] : servers.starting) {
            if (!is_old && since > too_slow_since(fleet, now)) break;
            stop.push_back(uid);
        }
    }
}

// The last ones that became ready go first, for the older ones are proven.
void add_newest(const Roster& roster, const Roster::Row& ready, std::size_t most, Time now, std::vector<Roster::Key>& out) {
    for (auto at = ready.rbegin(); at != ready.rend() && most > 0; ++at) {
        if (is_lost(*roster.find(at->uid), now)) continue;
        out.push_back(*at);
        --most;
    }
}

std::vector<ServerUid> to_stop(const Fleet& fleet, const Roster& roster, const Counts& counts, std::uint32_t wanted, Time now) {
    std::vector<ServerUid> stop;
    add_useless(fleet, roster, now, stop);
    std::vector<Roster::Key> old;
    std::vector<Roster::Key> waiting;
    const auto old_most = old_to_stop(fleet, counts, wanted);
    for (const auto& [generation, servers] : roster.generations()) {
        if (generation == fleet.generation) add_newest(roster, servers.ready, counts.ready > wanted ? counts.ready - wanted : 0, now, waiting);
        else add_newest(roster, servers.ready, old_most, now, old);
    }
    // Each generation gave as many as go; of all of them the newest do.
    std::ranges::sort(old, std::greater<>());
    old.resize(std::min(old.size(), old_most));
    for (const auto& key : old) stop.push_back(key.uid);
    for (const auto& key : waiting) stop.push_back(key.uid);
    return stop;
}

// When a server that starts or waits will be too slow or too long silent, if nothing is heard of it.
std::optional<Time> next_deadline(const Fleet& fleet, const Roster& roster, std::uint32_t beginning, Time now) {
    std::optional<Time> next;
    const auto consider = [&](Time at) {
        if (at > now && (!next || at < *next)) next = at;
    };
    if (beginning > 0) consider(now + fleet.start_limit);
    for (const auto& [generation, servers] : roster.generations()) {
        const auto first = servers.starting.lower_bound({.since = too_slow_since(fleet, now) + Milliseconds(1), .uid = {}});
        if (first != servers.starting.end()) consider(first->since + fleet.start_limit);
    }
    for (const auto uid : roster.silent()) {
        const auto since = *roster.find(uid)->silent_since;
        consider(since + silent_after);
        consider(since + replaced_after);
    }
    return next;
}

std::optional<Time> earlier(std::optional<Time> a, std::optional<Time> b) { return a && b ? std::min(*a, *b) : a ? a : b; }

}  // namespace

Milliseconds back_off(std::uint32_t failures) {
    if (failures == 0) return Milliseconds(0);
    return std::min<Milliseconds>(std::chrono::seconds(1) * (1LL << std::min(failures - 1, 10U)), std::chrono::seconds(60));
}

void note_taken(Use& use, Milliseconds since_last) {
    const auto rate = 1000.0 / static_cast<double>(std::max<std::int64_t>(since_last.count(), 1));
    use.taken_per_second += (std::min(rate, taken_per_second_most) - use.taken_per_second) * smoothing;
}

void note_ready(Use& use, Milliseconds took) {
    use.failures = 0;
    use.start_time = use.start_time.count() == 0 ? took : (use.start_time * 7 + took) / 8;
}

void note_failed(Use& use, Time now) {
    ++use.failures;
    use.last_failure = now;
}

Plan plan(const Fleet& fleet, const Roster& roster, std::uint32_t beginning, const Use& use, Time now) {
    Plan out;
    out.use = use;
    const auto counts = count(fleet, roster, beginning, now);
    decide_wanted(fleet, counts.allocated, out, now);
    const auto wanted = out.use.wanted;
    out.stop = to_stop(fleet, roster, counts, wanted, now);

    const auto coming = counts.ready + counts.starting;
    const auto missing = wanted > coming ? wanted - coming : 0;
    const auto room = fleet.most > counts.all ? fleet.most - counts.all : 0;
    const auto at_once = fleet.starting_most > counts.starting ? fleet.starting_most - counts.starting : 0;
    out.start = std::min({missing, room, at_once});
    if (missing > 0 && room == 0) out.limit = "max";
    const auto ready_again = use.last_failure + back_off(use.failures);
    if (use.failures > 0 && now < ready_again && out.start > 0) {
        out.start = 0;
        out.limit = "back_off";
        out.next = earlier(out.next, ready_again);
    }
    out.next = earlier(out.next, next_deadline(fleet, roster, beginning, now));
    return out;
}

}  // namespace gk::fleet
