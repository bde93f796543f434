#include "domain/watch/watchdog.hpp"

#include <algorithm>

namespace gk::watch {
namespace {

using server::ExitCause;
using server::Phase;
using server::Record;

bool is_running(const Record& record) { return record.phase == Phase::running && record.started_at; }

std::optional<bool> judge_measurements(const Vigil& vigil, const WatchdogRule& rule, const Record& record) {
    if (!is_running(record)) return false;
    if (vigil.failures == 0) return false;
    return vigil.failures >= rule.failures_most ? std::optional(true) : std::nullopt;
}

// Who wants a server never to sleep wants it to stay up.
bool judge_uptime(const WatchdogRule& rule, const Record& record, Time now) {
    const bool may_stay = rule.up_most <= Milliseconds(0) || (record.idle && record.idle->never);
    return !may_stay && is_running(record) && now - *record.started_at >= rule.up_most;
}

std::optional<bool> judge_start(const Record& record) {
    switch (record.phase) {
    case Phase::running:
    case Phase::paused:
    case Phase::stopped: return false;
    case Phase::failed: return record.last_exit && record.last_exit->cause == ExitCause::start_timeout;
    default: return std::nullopt;  // On its way, to one or the other.
    }
}

}  // namespace

WatchdogLook look_at(const Vigil& before, const WatchdogRule& rule, const Record& record, const WatchdogSample& sample) {
    Vigil vigil = before;
    if (vigil.started_at != record.started_at) vigil = {.started_at = record.started_at, .failures = 0};
    if (!is_running(record) || sample.is_measured) vigil.failures = 0;
    else vigil.failures = std::min(vigil.failures + 1, rule.failures_most);
    const Findings findings{.not_measured = judge_measurements(vigil, rule, record),
                            .up_too_long = judge_uptime(rule, record, sample.at),
                            .never_ready = judge_start(record)};
    return {.vigil = vigil, .findings = findings};
}

}  // namespace gk::watch
