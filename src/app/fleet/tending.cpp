#include <utility>

#include "app/fleet/fleets.hpp"
#include "app/fleet/fleets_entry.hpp"
#include "async/deadline.hpp"
#include "base/log.hpp"

// The life of one match server: a task of its own brings it up, sees it through and takes it down.
namespace gk::app {
namespace {

constexpr Milliseconds stop_repeat = std::chrono::seconds(10);

bool has_ended(Seen::Process process) { return process == Seen::Process::gone || process == Seen::Process::exited; }

}  // namespace

// `order`: it has yet to be launched.
Task<void> Fleets::tend(ServerUid uid, std::optional<FleetOrder> order) {
    auto& entry = *entries_.at(uid);
    if (order) co_await bring_up(entry, std::move(*order));
    else show(entry);
    co_await see_through(entry);
    // What is being written of it for a match must not come after its removal.
    while (entry.is_being_handed_out) co_await entry.waiting.wait();
    co_await take_down(entry);
    forget_match(entry);
    entry.waiting.wake_all();
    if (auto* kept = fleet_of(entry)) kept->roster.remove(uid);
    entries_.erase(uid);
    changed_.raise();
    room_.wake_all();
}

Task<void> Fleets::bring_up(Entry& entry, FleetOrder order) {
    // Stored first: what a crash leaves behind is known to whoever comes after.
    const bool is_stored = co_await store(entry.server);
    if (!is_stored) {
        end(entry, "not_stored");
        co_return;
    }
    const auto launched = co_await ports_.starter.launch(entry.server, std::move(order), shift_->epoch());
    if (!launched) {
        log::warning("fleet", "a match server could not be launched", {{"server", entry.server.name}, {"detail", launched.error().message}});
        end_of_itself(entry);
    }
}

// Until its game has ended, by itself or because it was to.
Task<void> Fleets::see_through(Entry& entry) {
    bool is_stop_sent = false;
    for (;;) {
        co_await look(entry);
        if (has_ended(entry.process)) {
            end_of_itself(entry);
            co_return;
        }
        if (!entry.ending.empty() && !is_stop_sent) {
            const auto asked = co_await ports_.runtime.stop(entry.server.uid, shift_->epoch());
            is_stop_sent = asked.has_value();
        }
        auto signal = entry.changed.wait();
        const bool is_known = entry.ending.empty() && entry.process != Seen::Process::unknown;
        if (is_known) co_await std::move(signal);
        else co_await async::finishes_by(ports_.clock, ports_.clock.now() + look_again, std::move(signal));
        if (!entry.ending.empty() && ports_.clock.now() - entry.server.since >= stop_repeat) is_stop_sent = false;
    }
}

Task<void> Fleets::look(Entry& entry) {
    const auto seen = co_await ports_.runtime.observe(entry.server.uid);
    // Nothing is known of one that does not answer: nobody gets it until it is heard of again.
    entry.process = seen ? seen->process : Seen::Process::unknown;
    // Of one that is gone the last word counts: with its pod went what could have said why.
    if (seen && (seen->obstacle || !has_ended(seen->process))) entry.trouble = seen->obstacle ? seen->obstacle->code : std::string();
    if (const bool is_silent = entry.process != Seen::Process::ready; is_silent != entry.silent_since.has_value()) {
        entry.silent_since = is_silent ? std::optional(ports_.clock.now()) : std::nullopt;
        note(entry);
    }
    const bool is_idle = entry.server.state == fleet::ServerState::starting || entry.server.state == fleet::ServerState::ready;
    if (seen && seen->leave && is_idle && !entry.server.match && !entry.is_being_handed_out) end(entry, "node_leaves");
    if (entry.process != Seen::Process::ready || entry.is_up) co_return;
    entry.is_up = true;
    if (auto* kept = fleet_of(entry)) fleet::note_ready(kept->use, ports_.clock.now() - entry.begun_at);
    if (entry.server.state == fleet::ServerState::starting)
        become(entry, entry.server.match ? fleet::ServerState::allocated : fleet::ServerState::ready);
    entry.waiting.wake_all();
    if (!entry.server.match) room_.wake_all();
}

Task<void> Fleets::take_down(Entry& entry) {
    for (std::uint32_t tries = 1;; ++tries) {
        const auto removed = co_await ports_.starter.remove(entry.server.uid, shift_->epoch());
        if (removed) break;
        log::warning("fleet", "a match server could not be removed", {{"server", entry.server.name}, {"detail", removed.error().message}});
        co_await ports_.clock.sleep(fleet::back_off(tries));
    }
    const auto uid = entry.server.uid;
    auto call = [this, uid] { return ports_.store.remove(uid, shift_->epoch()); };
    co_await shift_->ask<Success>(std::move(call));
}

Task<bool> Fleets::store(FleetServer server) {
    auto call = [&] { return ports_.store.put(server, shift_->epoch()); };
    const auto stored = co_await shift_->ask<Success>(std::move(call));
    co_return stored.has_value();
}

void Fleets::become(Entry& entry, fleet::ServerState state) {
    entry.server.state = state;
    entry.server.since = ports_.clock.now();
    note(entry);
}

// What plans are made from follows what is known of a server. One that is being handed out, or was begun for a match beside its fleet, is not there
// for anybody else.
void Fleets::note(const Entry& entry) {
    auto* kept = fleet_of(entry);
    if (kept == nullptr) return;
    const auto& server = entry.server;
    const bool is_handed_out = entry.is_being_handed_out && server.state == fleet::ServerState::ready;
    const bool is_taken = is_handed_out || (server.match && server.state == fleet::ServerState::starting);
    kept->roster.put({.uid = server.uid,
                      .state = is_taken ? fleet::ServerState::allocated : server.state,
                      .generation = server.generation,
                      .since = server.since,
                      .silent_since = entry.silent_since});
    changed_.raise();
}

// Nobody has asked for it: its match hears why.
void Fleets::end_of_itself(Entry& entry) {
    if (!entry.ending.empty()) return;
    if (auto* kept = fleet_of(entry); kept != nullptr && !entry.is_up) fleet::note_failed(kept->use, ports_.clock.now());
    std::string why = entry.is_up ? "server_exited" : "start_failed";
    end(entry, entry.trouble.empty() ? std::move(why) : entry.trouble);
    if (entry.server.match) ended_.notify(*entry.server.match, entry.ending);
}

void Fleets::end(Entry& entry, std::string why) {
    if (!entry.ending.empty()) return;
    entry.ending = std::move(why);
    become(entry, fleet::ServerState::ending);
    entry.waiting.wake_all();
    entry.changed.raise();
}

}  // namespace gk::app
