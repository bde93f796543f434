#include "app/vault/timetable.hpp"

#include <algorithm>

#include "domain/schedule/cron.hpp"

namespace gk::app {
namespace {

using Action = server::Schedule::Action;

bool makes_sense(const server::Record& record, Action action) {
    const bool running = record.phase == server::Phase::running;
    return running || (action == Action::backup && record.world_dirty);
}

}  // namespace

Firing fire_schedules(server::Record& record, Time calendar) {
    Firing firing;
    for (auto& schedule : record.schedules) {
        const auto cron = schedule::parse_cron(schedule.at);
        if (!cron) continue;
        // A mark from the future comes from a clock that was put back.
        const bool is_new = !schedule.last_fired_at || *schedule.last_fired_at > calendar;
        if (!is_new && !schedule::is_due(*cron, *schedule.last_fired_at, calendar)) continue;
        schedule.last_fired_at = calendar;
        firing.changed = true;
        if (is_new || !makes_sense(record, schedule.action)) continue;
        firing.due.push_back({.server = record.uid, .action = schedule.action, .command = schedule.command});
    }
    return firing;
}

void Quiet::saw(ServerUid server, const std::optional<int>& players_online, Time now) {
    if (players_online == 0) since_.try_emplace(server, now);
    else since_.erase(server);
}

bool Quiet::all_since(ServerUid server, Time then) const {
    const auto since = since_.find(server);
    return since != since_.end() && since->second <= then;
}

bool is_backup_due(const server::Record& record, std::span<const vault::Snapshot> newest_first, const Quiet& quiet, Milliseconds every, Time now) {
    if (record.phase != server::Phase::running || record.request || every <= Milliseconds(0)) return false;
    auto last = record.started_at.value_or(record.phase_since);
    if (newest_first.empty()) return now - last >= every;
    last = std::max(last, newest_first.front().created_at);
    return now - last >= every && !quiet.all_since(record.uid, newest_first.front().created_at);
}

}  // namespace gk::app
