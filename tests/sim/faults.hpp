#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/enum_names.hpp"
#include "tests/sim/dice.hpp"

namespace gk::sim {

// How often things go wrong. Each seed switches whole families on or off, so that rare combinations meet without drowning in noise.
struct Faults {
    double error_before = 0;    // A call fails and nothing has happened.
    double reply_lost = 0;      // It has happened, and the caller hears "unavailable".
    double late = 0;            // A command takes effect after its caller was told "unavailable", and perhaps after its sender has died.
    double slow = 0;            // Seconds instead of milliseconds.
    double stall = 0;           // Minutes.
    double keeper_crash = 0;    // At a port call: before it, or between its effect and its reply.
    double killed = 0;          // For each minute: the control plane dies at whatever it waits for.
    double power_loss = 0;      // For each minute: everything dies, and what was not on the medium is gone.
    double clock_jump = 0;      // For each minute: the calendar is put somewhere else.
    double second_keeper = 0;   // For each minute: another keeper starts while the old one is still at work.
    double game_crash = 0;      // For each run.
    double game_lost = 0;       // For each run: gone without an exit record.
    double start_crash = 0;
    double start_hangs = 0;
    double ignores_stop = 0;
    double crash_loop = 0;      // For each server.
    double vault_outage = 0;    // For each minute.
    double spoiled_snapshot = 0;
    double no_room = 0;
    double disk_full = 0;       // For each file that is written.
    double disk_lost = 0;       // For each minute: the medium of a world that rests is gone.
    double stray_start = 0;     // For each minute: somebody starts a game by hand that is wanted down.
    double wake_lost = 0;
    double wake_twice = 0;

    static Faults for_seed(Dice& dice) {
        const auto maybe = [&](double probability) { return dice.chance(0.5) ? probability : 0; };
        return {.error_before = maybe(0.02),
                .reply_lost = maybe(0.02),
                .late = maybe(0.03),
                .slow = maybe(0.03),
                .stall = maybe(0.0005),
                .keeper_crash = maybe(0.003),
                .killed = maybe(0.1),
                .power_loss = maybe(0.03),
                .clock_jump = maybe(0.1),
                .second_keeper = maybe(0.05),
                .game_crash = maybe(0.3),
                .game_lost = maybe(0.1),
                .start_crash = maybe(0.15),
                .start_hangs = maybe(0.05),
                .ignores_stop = maybe(0.2),
                .crash_loop = maybe(0.2),
                .vault_outage = maybe(0.1),
                .spoiled_snapshot = maybe(0.1),
                .no_room = maybe(0.03),
                .disk_full = maybe(0.02),
                .disk_lost = maybe(0.02),
                .stray_start = maybe(0.05),
                .wake_lost = maybe(0.3),
                .wake_twice = maybe(0.3)};
    }
};

// A defect that is built in on purpose, to prove that the simulator would find it.
enum class Plant : std::uint8_t {
    none,
    skip_verify,
    drop_epoch,
    clean_frees_disk,
    stale_snapshot,
    stop_lies,
    half_restore,
    no_resume,
    same_snapshot_id,
    stop_hits_another,
    operation_never_ends,
    catalogue_forgets,
    early_ready,
    blind_to_starting,
    ports_freed_early,
    ports_never_freed,
    ports_do_not_rest,
    settings_written_once,
    acknowledged_too_early,
    key_forgotten,
    phase_skipped,
    disk_left_behind,
    newest_pruned,
    kept_world_forgotten,
    fence_does_nothing,
    command_typed_twice,
    stop_does_not_wait,
    save_does_not_sync,
    no_back_off,
    never_gives_up,
    commit_does_not_sync,
    pruned_too_young,
    kept_time_cut_short,
    last_write_wins,
    ledger_not_fenced,
};
inline constexpr auto plant_names = std::to_array<std::string_view>({
    "none",
    "skip_verify",
    "drop_epoch",
    "clean_frees_disk",
    "stale_snapshot",
    "stop_lies",
    "half_restore",
    "no_resume",
    "same_snapshot_id",
    "stop_hits_another",
    "operation_never_ends",
    "catalogue_forgets",
    "early_ready",
    "blind_to_starting",
    "ports_freed_early",
    "ports_never_freed",
    "ports_do_not_rest",
    "settings_written_once",
    "acknowledged_too_early",
    "key_forgotten",
    "phase_skipped",
    "disk_left_behind",
    "newest_pruned",
    "kept_world_forgotten",
    "fence_does_nothing",
    "command_typed_twice",
    "stop_does_not_wait",
    "save_does_not_sync",
    "no_back_off",
    "never_gives_up",
    "commit_does_not_sync",
    "pruned_too_young",
    "kept_time_cut_short",
    "last_write_wins",
    "ledger_not_fenced",
});
constexpr std::span<const std::string_view> names_of(Plant) { return plant_names; }

}  // namespace gk::sim
