#include "domain/wake/idle.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gk::wake {
namespace {

IdleLook awake(Awake because, std::optional<Time> known_at, int there = 0) {
    return {.idle = {.because = because, .there = there, .quiet_since = {}, .known_at = known_at, .told_at = {}, .sleeps_at = {}}};
}

// Nothing is decided without a number. What was known before still counts when the gap turns out to be a short one.
IdleLook in_a_gap(Idle before, Time now) {
    const bool is_long = !before.known_at || now - *before.known_at > gap_most;
    if (is_long) return awake(Awake::players_unknown, before.known_at);
    before.because = Awake::players_unknown;
    before.there = 0;
    before.sleeps_at.reset();
    return {.idle = before};
}

IdleLook with_nobody(Idle idle, const IdleRule& rule, const IdleSample& sample) {
    idle.known_at = sample.at;
    idle.there = 0;
    idle.quiet_since = std::max(idle.quiet_since.value_or(sample.at), sample.ready_at);
    idle.because = sample.is_at_work ? Awake::at_work : Awake::not_idle_long;
    auto sleeps_at = *idle.quiet_since + *rule.after;
    const bool tells = rule.notice > Milliseconds(0);
    if (idle.told_at) sleeps_at = std::max(sleeps_at, *idle.told_at + rule.notice);
    else if (tells) sleeps_at = std::max(sleeps_at, sample.at + rule.notice);
    idle.sleeps_at = sleeps_at;
    if (sample.is_at_work) return {.idle = idle};
    if (sample.at >= sleeps_at) return {.idle = idle, .act = IdleLook::Act::sleep};
    if (!tells || idle.told_at || sample.at + rule.notice < sleeps_at) return {.idle = idle};
    idle.told_at = sample.at;
    return {.idle = idle, .act = IdleLook::Act::tell};
}

}  // namespace

IdleLook look_at(const Idle& before, const IdleRule& rule, const IdleSample& sample) {
    if (!rule.after) return awake(Awake::never_sleeps, {});
    const auto there = sample.players ? sample.players : sample.sessions;
    if (!there) return in_a_gap(before, sample.at);
    if (*there == 0 && sample.kept) return awake(*sample.kept, sample.at);
    if (*there > 0) return awake(sample.players ? Awake::players : Awake::sessions, sample.at, *there);
    return with_nobody(before, rule, sample);
}

std::string text_of(const Idle& idle) {
    switch (idle.because) {
    case Awake::never_sleeps: return "it never sleeps by itself";
    case Awake::players: return idle.there == 1 ? "1 player is on" : fmt::format("{} players are on", idle.there);
    case Awake::sessions: return idle.there == 1 ? "1 player is connected" : fmt::format("{} players are connected", idle.there);
    case Awake::players_unknown: return "it is not known whether anybody plays";
    case Awake::at_work: return "nobody plays, but work is under way";
    case Awake::console: return "nobody plays, but its console is open";
    case Awake::files: return "nobody plays, but somebody is at its files";
    case Awake::not_idle_long: return "nobody plays, but not for long enough yet";
    }
    std::unreachable();
}

}  // namespace gk::wake
