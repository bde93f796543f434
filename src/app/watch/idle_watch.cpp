#include "app/watch/idle_watch.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "app/event.hpp"
#include "base/log.hpp"
#include "domain/wake/start_times.hpp"

namespace gk::app {
namespace {

bool is_watched(const server::Record& record) {
    return record.phase == server::Phase::running && record.wanted == server::Wanted::running && record.started_at;
}

}  // namespace

Task<void> IdleWatch::run() {
    for (;;) {
        co_await round();
        co_await ports_.clock.sleep(interval_);
    }
}

Task<void> IdleWatch::round() {
    auto records = co_await ports_.store.list();
    if (!records) {
        log::warning("idle watch", "servers could not be read", {{"detail", records.error().detail}});
        co_return;
    }
    std::erase_if(*records, [](const auto& record) { return !is_watched(record); });
    forget_others(*records);
    for (auto& record : *records) co_await look_at(std::move(record));
}

std::optional<wake::Idle> IdleWatch::of(ServerUid server) const {
    const auto found = known_.find(server);
    return found == known_.end() ? std::nullopt : std::optional(found->second);
}

void IdleWatch::forget_others(const std::vector<server::Record>& records) {
    std::erase_if(known_, [&](const auto& entry) { return std::ranges::find(records, entry.first, &server::Record::uid) == records.end(); });
}

wake::IdleRule IdleWatch::rule_of(const server::Record& record) const {
    const auto wish = record.idle.value_or(server::IdleWish());
    if (wish.never) return {};
    const auto usual = server::wakes_by_knock(record) ? usual_.after : std::nullopt;
    const bool can_be_told = !ports_.games.announcement(record).command.empty();
    return {.after = wish.after ? wish.after : usual, .notice = can_be_told ? wish.notice.value_or(usual_.notice) : Milliseconds(0)};
}

Task<void> IdleWatch::look_at(server::Record record) {
    const auto seen = co_await ports_.runtime.observe(record.uid);
    const bool is_known = seen && seen->process == Seen::Process::ready;
    const wake::IdleSample sample{.at = ports_.clock.now(),
                                  .ready_at = *record.started_at,
                                  .players = is_known ? seen->players.online : std::nullopt,
                                  .sessions = sessions_ ? sessions_(record) : std::nullopt,
                                  .is_at_work = record.request.has_value(),
                                  .kept = kept_ ? kept_(record) : std::nullopt};
    auto& known = known_[record.uid];
    const bool was_told = known.told_at.has_value();
    const auto look = wake::look_at(known, rule_of(record), sample);
    known = look.idle;
    if (look.act == wake::IdleLook::Act::tell) co_return co_await tell(std::move(record), look.idle);
    if (look.act == wake::IdleLook::Act::sleep) co_return co_await pause_(std::move(record));
    if (was_told && !look.idle.told_at) co_await announce(std::move(record), look.idle);
}

// A game that cannot be told goes to sleep all the same: as far as is known nobody is in it.
Task<void> IdleWatch::tell(server::Record record, wake::Idle idle) {
    const auto left = wake::wait_text(*idle.sleeps_at - ports_.clock.now());
    auto line = fmt::format("{} Nobody seems to play: this world goes to sleep in {}, saved, unless somebody joins.",
                            ports_.games.announcement(record).command, left);
    const auto told = co_await ports_.runtime.tell(record.uid, std::move(line), ports_.tenure.epoch());
    if (!told) log::warning("idle watch", "a game could not be told of its sleep", {{"server", record.uid}, {"detail", told.error().detail}});
    co_await announce(std::move(record), idle);
}

Task<void> IdleWatch::announce(server::Record record, wake::Idle idle) {
    auto data = Value::object({{"because", name_of(idle.because)}, {"sleeps_at", idle.sleeps_at ? Value(rfc3339(*idle.sleeps_at)) : Value()}});
    auto event = event_about(record, ports_.clock.now(), "server.idle", std::move(data));
    const auto stored = co_await ports_.ledger.append(std::move(event));
    if (!stored) log::warning("idle watch", "an event could not be stored", {{"server", record.uid}, {"detail", stored.error().detail}});
}

}  // namespace gk::app
