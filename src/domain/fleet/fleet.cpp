#include "domain/fleet/fleet.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

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

bool is_lost(const Server& server, Time now) { return server.state == ServerState::ready && now - server.heard_at >= replaced_after; }
bool is_too_slow(const Fleet& fleet, const Server& server, Time now) {
    return server.state == ServerState::starting && now - server.since >= fleet.start_limit;
}
bool is_old(const Fleet& fleet, const Server& server) { return server.generation != fleet.generation; }

Counts count(const Fleet& fleet, std::span<const Server> servers, Time now) {
    Counts counts;
    counts.all = static_cast<std::uint32_t>(servers.size());
    for (const auto& server : servers) {
        if (server.state == ServerState::allocated) ++counts.allocated;
        if (is_old(fleet, server) || is_too_slow(fleet, server, now)) continue;
        if (server.state == ServerState::starting) ++counts.starting;
        if (may_be_allocated(server, now)) ++counts.ready;
    }
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

struct Idle {
    std::vector<const Server*> useless;  // Lost, or never came up.
    std::vector<const Server*> old;      // Of an earlier generation, ready.
    std::vector<const Server*> waiting;  // Of the present one, ready.
};

// The last ones that became ready stand first: they go first, for the older ones are proven.
Idle idle_ones(const Fleet& fleet, std::span<const Server> servers, Time now) {
    Idle idle;
    for (const auto& server : servers) {
        if (server.state == ServerState::allocated || server.state == ServerState::ending) continue;
        const bool is_useless = is_lost(server, now) || is_too_slow(fleet, server, now);
        if (is_useless || (is_old(fleet, server) && server.state == ServerState::starting)) idle.useless.push_back(&server);
        else if (server.state == ServerState::ready) (is_old(fleet, server) ? idle.old : idle.waiting).push_back(&server);
    }
    const auto newest_first = [](const Server* a, const Server* b) { return std::pair(b->since, b->name) < std::pair(a->since, a->name); };
    std::ranges::sort(idle.old, newest_first);
    std::ranges::sort(idle.waiting, newest_first);
    return idle;
}

// An old server serves until a new one can stand in for it. Where there is no room for a new one beside it, a quarter of them makes room.
std::size_t old_to_stop(const Fleet& fleet, const Counts& counts, std::uint32_t wanted) {
    const bool is_full = counts.all >= fleet.most && counts.ready + counts.starting < wanted;
    const auto makes_room = is_full && counts.starting == 0 ? std::max(1U, wanted / 4) : 0U;
    return wanted == 0 ? counts.all : counts.ready + makes_room;
}

std::vector<std::string> to_stop(const Fleet& fleet, std::span<const Server> servers, const Counts& counts, std::uint32_t wanted, Time now) {
    const auto idle = idle_ones(fleet, servers, now);
    std::vector<std::string> stop;
    const auto take = [&](const std::vector<const Server*>& from, std::size_t most) {
        for (std::size_t i = 0; i < std::min(most, from.size()); ++i) stop.push_back(from[i]->name);
    };
    take(idle.useless, idle.useless.size());
    take(idle.old, old_to_stop(fleet, counts, wanted));
    take(idle.waiting, counts.ready > wanted ? counts.ready - wanted : 0);
    return stop;
}

// When a server that starts or waits will be too slow or too long silent, if nothing is heard of it.
std::optional<Time> next_deadline(const Fleet& fleet, std::span<const Server> servers, Time now) {
    std::optional<Time> next;
    const auto consider = [&](Time at) {
        if (at > now && (!next || at < *next)) next = at;
    };
    for (const auto& server : servers) {
        if (server.state == ServerState::starting) consider(server.since + fleet.start_limit);
        if (server.state != ServerState::ready) continue;
        consider(server.heard_at + silent_after);
        consider(server.heard_at + replaced_after);
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

Plan plan(const Fleet& fleet, std::span<const Server> servers, const Use& use, Time now) {
    Plan out;
    out.use = use;
    const auto counts = count(fleet, servers, now);
    decide_wanted(fleet, counts.allocated, out, now);
    const auto wanted = out.use.wanted;
    out.stop = to_stop(fleet, servers, counts, wanted, now);

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
    out.next = earlier(out.next, next_deadline(fleet, servers, now));
    return out;
}

}  // namespace gk::fleet
