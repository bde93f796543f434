#include "app/watch/watchdog.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"

namespace gk::app {
namespace {

bool is_running(const server::Record& record) { return record.phase == server::Phase::running && record.started_at; }

}  // namespace

Task<void> Watchdog::run() {
    for (;;) {
        co_await round();
        co_await ports_.clock.sleep(interval_);
    }
}

Task<void> Watchdog::round() {
    auto records = co_await ports_.store.list();
    if (!records) {
        log::warning("watchdog", "servers could not be read", {{"detail", records.error().detail}});
        co_return;
    }
    std::erase_if(watched_, [&](const auto& entry) { return std::ranges::find(*records, entry.first, &server::Record::uid) == records->end(); });
    for (auto& record : *records) co_await look_at(std::move(record));
}

Task<void> Watchdog::look_at(server::Record record) {
    auto& watched = watched_[record.uid];
    if (watched.vigil.started_at != record.started_at) watched.has_been_measured = false;
    const bool is_measured = !is_running(record) || co_await measure(record, watched);
    const auto look = watch::look_at(watched.vigil, rule_, record, {.at = ports_.clock.now(), .is_measured = is_measured});
    watched.vigil = look.vigil;
    const bool has_players = watched.players.value_or(0) > 0;
    co_await tell(record, look.findings);
    // Whom it does not answer any more it cannot let play either; but who is known to play is not thrown out for the time he has been there.
    const bool must_stop = look.findings.not_measured == true || (look.findings.up_too_long == true && !has_players);
    if (stop_ && must_stop && record.wanted == server::Wanted::running && !record.request) co_await stop_(std::move(record));
}

Task<bool> Watchdog::measure(const server::Record& record, Watched& watched) {
    const auto seen = co_await ports_.runtime.observe(record.uid);
    watched.players = seen ? seen->players.online : std::nullopt;
    if (seen && seen->process != Seen::Process::ready) co_return true;  // Its end, or its node, is the keeper's to judge.
    if (watched.players) watched.has_been_measured = true;
    co_return watched.players || (seen && !watched.has_been_measured);
}

Task<void> Watchdog::tell(server::Record record, watch::Findings findings) {
    auto silent = fmt::format("The game runs and has not answered {} times in a row who plays: it may hang. It is left as it is{}. Look at its log.",
                              rule_.failures_most, stop_ ? " until it is paused, saved" : "");
    co_await report(record, watch::not_measured, findings.not_measured, std::move(silent));
    auto up =
        fmt::format("The game has been up for more than {} without a pause. Does it need to? 'idle' of the server says when it sleeps by itself.",
                    duration_text(rule_.up_most));
    co_await report(record, watch::up_too_long, findings.up_too_long, std::move(up));
    const auto start = "The game was started and did not become ready in time. It is tried again. " + record.message;
    co_await report(record, watch::never_ready, findings.never_ready, start);
}

Task<void> Watchdog::report(server::Record record, std::string_view kind, std::optional<bool> found, std::string text) {
    if (!found) co_return;
    if (!*found) co_return co_await ports_.notifier.is_over(std::string(kind), record.uid);
    Notice notice{
        .kind = std::string(kind), .server = record.uid, .subject = fmt::format("Server '{}': {}", record.id, kind), .text = std::move(text)};
    co_await ports_.notifier.notify(std::move(notice));
}

}  // namespace gk::app
