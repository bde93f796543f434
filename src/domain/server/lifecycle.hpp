#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/enum_names.hpp"
#include "domain/server/types.hpp"

// The life of a server as one table. Code, tests and documents read this table; nothing else knows which phase may follow which.
namespace gk::server {

// What moves a server from one phase to another: somebody asked for it, or something was seen or done.
enum class Event : std::uint8_t {
    start_asked,
    resume_asked,
    pause_asked,
    stop_asked,
    restart_asked,
    restore_asked,
    delete_asked,
    validation_begun,
    validated,
    invalid,
    disk_found,
    snapshot_found,
    nothing_found,
    defaults_written,
    files_restored,
    restored_at_rest,
    restored_to_save,
    restore_refused,
    disk_missing,
    launched,
    ready,
    published,
    crashed,
    start_timed_out,
    step_failed,
    process_seen,
    game_ended,
    vault_refused,
    went_on,
    at_rest,
    clear_out,
    start_over,
    nothing_on_disk,
    restore_begun,
    save_failed,
    retry_due,
    save_due,
    emptied,
    emptied_for_good,
    unproven,
    move_asked,
};
inline constexpr auto event_names = std::to_array<std::string_view>({
    "start_asked",      "resume_asked",     "pause_asked",      "stop_asked",       "restart_asked",   "restore_asked", "delete_asked",
    "validation_begun", "validated",        "invalid",          "disk_found",       "snapshot_found",  "nothing_found", "defaults_written",
    "files_restored",   "restored_at_rest", "restored_to_save", "restore_refused",  "disk_missing",    "launched",      "ready",
    "published",        "crashed",          "start_timed_out",  "step_failed",      "process_seen",    "game_ended",    "vault_refused",
    "went_on",          "at_rest",          "clear_out",        "start_over",       "nothing_on_disk", "restore_begun", "save_failed",
    "retry_due",        "save_due",         "emptied",          "emptied_for_good", "unproven",        "move_asked",
});
constexpr std::span<const std::string_view> names_of(Event) { return event_names; }

struct Edge {
    Phase from;
    Event on;
    Phase to;
};

inline constexpr auto lifecycle = [] {
    using enum Phase;
    using enum Event;
    return std::to_array<Edge>({
        // A start from nothing.
        {stopped, start_asked, requested},
        {requested, validation_begun, validating},
        {validating, validated, backup_check},
        {validating, invalid, failed},
        {backup_check, disk_found, deploying},
        {backup_check, snapshot_found, restoring_files},
        {backup_check, nothing_found, creating_defaults},
        {creating_defaults, defaults_written, deploying},
        {restoring_files, files_restored, deploying},
        {deploying, launched, starting},
        {starting, ready, address_allocation},
        {address_allocation, published, running},
        {deploying, disk_missing, backup_check},  // What the record believed to be there is gone: the vault has the rest.

        // A start from a disk that was kept.
        {paused, resume_asked, deploying},
        {backup_failed, resume_asked, deploying},
        {backup_failed, went_on, running},  // The game never stopped: a refused pause is over.
        {pausing, went_on, running},        // Players came to a world that was to sleep.

        // Pause, stop, delete.
        {running, pause_asked, pausing},
        {backup_failed, pause_asked, pausing},
        {running, stop_asked, stopping},
        {pausing, stop_asked, stopping},
        {backup_failed, stop_asked, stopping},
        {failed, stop_asked, stopping},
        {paused, stop_asked, backing_up},
        {requested, stop_asked, stopping},
        {validating, stop_asked, stopping},
        {backup_check, stop_asked, stopping},
        {creating_defaults, stop_asked, stopping},
        {restoring_files, stop_asked, stopping},
        {deploying, stop_asked, stopping},
        {starting, stop_asked, stopping},
        {address_allocation, stop_asked, stopping},
        {stopped, delete_asked, deleting},
        {pausing, vault_refused, backup_failed},   // Nothing could be saved now, so the game stays up.
        {stopping, vault_refused, backup_failed},
        {pausing, game_ended, backing_up},
        {stopping, game_ended, backing_up},
        {backing_up, at_rest, paused},
        {backing_up, clear_out, cleanup},
        {backing_up, save_failed, backup_failed},  // The disk stays until a snapshot is proven.
        {backup_failed, retry_due, backing_up},
        {cleanup, unproven, backing_up},
        {cleanup, emptied, stopped},
        {cleanup, emptied_for_good, deleting},

        // Restart.
        {running, restart_asked, stopping},
        {stopping, start_over, deploying},

        // Where it is, no game may be any more: it is saved there and goes on elsewhere.
        {running, move_asked, stopping},
        {paused, move_asked, backing_up},
        {deploying, move_asked, backing_up},

        // Crash, time-out, and the next try.
        {validating, step_failed, failed},
        {backup_check, step_failed, failed},
        {creating_defaults, step_failed, failed},
        {restoring_files, step_failed, failed},
        {deploying, step_failed, failed},
        {starting, start_timed_out, failed},
        {starting, crashed, failed},
        {address_allocation, start_timed_out, failed},
        {address_allocation, crashed, failed},
        {running, crashed, failed},
        {backup_failed, crashed, failed},
        {failed, save_due, backing_up},
        {backing_up, start_over, deploying},
        {backing_up, nothing_on_disk, validating},

        // A process where none belongs is ended, and what it wrote is saved.
        {paused, process_seen, pausing},
        {stopped, process_seen, stopping},
        {backup_failed, process_seen, stopping},

        // Restore into a server as it is.
        {running, restore_asked, stopping},
        {failed, restore_asked, stopping},
        {paused, restore_asked, backing_up},
        {stopped, restore_asked, restoring_files},
        {backing_up, restore_begun, restoring_files},
        {restoring_files, restored_at_rest, paused},
        {restoring_files, restored_to_save, backing_up},
        {restoring_files, restore_refused, cleanup},  // A stopped server has no world to go back to.
    });
}();

constexpr std::optional<Phase> next(Phase from, Event on) {
    const auto* edge = std::ranges::find_if(lifecycle, [&](const Edge& it) { return it.from == from && it.on == on; });
    return edge == lifecycle.end() ? std::nullopt : std::optional(edge->to);
}

namespace lifecycle_checks {

consteval bool no_edge_twice() {
    for (std::size_t i = 0; i < lifecycle.size(); ++i) {
        for (std::size_t k = i + 1; k < lifecycle.size(); ++k) {
            if (lifecycle[i].from == lifecycle[k].from && lifecycle[i].on == lifecycle[k].on) return false;
        }
    }
    return true;
}

// From a stopped server, along the edges.
consteval bool every_phase_is_reached() {
    std::array<bool, phase_names.size()> reached{};
    reached[std::to_underlying(Phase::stopped)] = true;
    for (std::size_t round = 0; round < reached.size(); ++round) {
        for (const auto& edge : lifecycle) {
            if (reached[std::to_underlying(edge.from)]) reached[std::to_underlying(edge.to)] = true;
        }
    }
    return std::ranges::all_of(reached, [](bool it) { return it; });
}

consteval bool every_phase_but_deleting_leads_on() {
    for (std::size_t i = 0; i < phase_names.size(); ++i) {
        const auto phase = static_cast<Phase>(i);
        const bool leads = std::ranges::any_of(lifecycle, [&](const Edge& it) { return it.from == phase; });
        if (leads == (phase == Phase::deleting)) return false;
    }
    return true;
}

consteval bool every_event_is_used() {
    for (std::size_t i = 0; i < event_names.size(); ++i) {
        if (std::ranges::none_of(lifecycle, [&](const Edge& it) { return std::to_underlying(it.on) == i; })) return false;
    }
    return true;
}

// The disk is freed in cleanup only, and the way there leads through backing_up, or from a restore that never had a world.
consteval bool only_saved_worlds_are_cleaned_up() {
    return std::ranges::all_of(
        lifecycle, [](const Edge& it) { return it.to != Phase::cleanup || it.from == Phase::backing_up || it.on == Event::restore_refused; });
}

}  // namespace lifecycle_checks

static_assert(lifecycle_checks::no_edge_twice());
static_assert(lifecycle_checks::every_phase_is_reached());
static_assert(lifecycle_checks::every_phase_but_deleting_leads_on());
static_assert(lifecycle_checks::every_event_is_used());
static_assert(lifecycle_checks::only_saved_worlds_are_cleaned_up());

// What people see of each phase while the game is down, by what is wanted.
struct Shown {
    Phase phase;
    State running, paused, stopped, deleted;
    bool running_while_up;  // While the game is up, people see `running`, whatever the phase prepares.
};

inline constexpr auto shown_states = [] {
    using enum State;
    using P = Phase;
    return std::to_array<Shown>({
        {P::requested, starting, starting, stopping, deleting, false},
        {P::validating, starting, starting, stopping, deleting, false},
        {P::backup_check, starting, starting, stopping, deleting, false},
        {P::creating_defaults, starting, starting, stopping, deleting, false},
        {P::restoring_files, starting, pausing, stopping, deleting, false},
        {P::deploying, starting, starting, stopping, deleting, false},
        {P::starting, starting, starting, stopping, deleting, false},
        {P::address_allocation, starting, starting, stopping, deleting, false},
        {P::running, running, running, running, running, true},
        {P::pausing, starting, pausing, stopping, deleting, true},
        {P::stopping, starting, pausing, stopping, deleting, true},
        {P::backing_up, starting, pausing, stopping, deleting, true},
        {P::backup_failed, failed, pausing, stopping, deleting, true},
        {P::paused, starting, paused, stopping, deleting, false},
        {P::cleanup, stopping, stopping, stopping, deleting, false},
        {P::stopped, starting, stopped, stopped, deleting, false},
        {P::failed, failed, failed, failed, deleting, false},
        {P::deleting, deleting, deleting, deleting, deleting, false},
    });
}();
static_assert(shown_states.size() == phase_names.size());

constexpr State state_of(Phase phase, Wanted wanted, bool game_up) {
    const auto& row = *std::ranges::find(shown_states, phase, &Shown::phase);
    if (game_up && row.running_while_up) return State::running;
    switch (wanted) {
    case Wanted::running: return row.running;
    case Wanted::paused: return row.paused;
    case Wanted::stopped: return row.stopped;
    case Wanted::deleted: return row.deleted;
    }
    std::unreachable();
}

}  // namespace gk::server
