#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/memory/state.hpp"
#include "domain/server/plan.hpp"
#include "ports/runtime.hpp"
#include "ports/vault.hpp"
#include "tests/sim/dice.hpp"
#include "tests/sim/faults.hpp"
#include "tests/sim/trace.hpp"

namespace gk::sim {

// The files of a world. Every player's act changes `mark` in a way that depends on all acts before, so equal marks mean equal worlds.
struct Content {
    std::uint64_t mark = 0;
    bool whole = false;
    bool operator==(const Content&) const = default;
};

// One server on the machine: its disks and its process.
struct Cell {
    bool disk = false;
    Content live;
    bool staged = false;
    Content stage;
    Seen::Process process = Seen::Process::gone;
    std::optional<server::Exit> exit;
    std::optional<Time> started_at;
    bool quiesced = false;
    bool stop_asked = false;
    std::uint64_t run = 0;      // Counts the processes of this installation.
    std::string settings_file;  // What the game reads at its start.
    std::string started_with;   // What the process that is there has read.
    enum class Next : std::uint8_t { none, ready, crash, lost, end };
    Next next = Next::none;
    Time next_at{};

    bool alive() const { return process == Seen::Process::starting || process == Seen::Process::ready || process == Seen::Process::stopping; }
};

struct StoredSnapshot {
    SnapshotId id;
    Content content;
    bool torn = false;     // Files changed while it was made.
    bool spoiled = false;  // Its packs cannot be read back.
    vault::Consistency consistency = vault::Consistency::live;
    vault::Trigger trigger = vault::Trigger::user;
    Time created_at{};
};

// The settings of a record as the toy game writes them.
std::string text_of(const std::map<std::string, Value>& settings);

// What must be true of one server's world, whatever happens.
struct Truth {
    std::optional<Content> world;  // With everything that players were told is done.
    bool waived = false;           // Somebody forced or purged it by name.
};

// Everything that outlives the control plane: the machine, the vault, the stores. And the rules: each effect is checked where it happens.
class Ground {
public:
    Ground(std::uint64_t seed, Plant plant);

    // The effects of runtime and vault calls.
    using Effect = Result<Success, RuntimeError>;
    Effect admit(const char* what, ServerUid uid, Epoch epoch);
    Effect fence(Epoch epoch);
    bool is_fenced(Epoch epoch) const { return epoch < highest_; }
    Seen observe(ServerUid uid);
    Effect create_disk(ServerUid uid);
    Effect free_disk(ServerUid uid);
    Effect stage_disk(ServerUid uid);
    Effect commit_staged(ServerUid uid);
    // `settings` as the arguments of the launch say them.
    Effect launch(ServerUid uid, const std::string& settings);
    Effect stop(ServerUid uid);
    Effect kill(ServerUid uid);
    Effect clean(ServerUid uid);
    Effect forget(ServerUid uid);
    Effect quiesce(ServerUid uid);
    Effect resume(ServerUid uid);
    void write_defaults(ServerUid uid);
    void write_settings(ServerUid uid, std::string settings);
    TakenSnapshot keep(const SnapshotOrder& order, const Cell& before);
    const std::string* engine_of(ServerUid uid, SnapshotId id) const;

    // Goes on to `now`: games become ready, end, crash.
    void settle();
    std::optional<Time> next_event() const;
    // A player does something in every game that is up and may write.
    void play(ServerUid uid);
    // No more faults, and games that behave.
    void heal();

    // The rules that hold at every moment. The first breach is kept.
    void check();
    void breach(std::string text);
    const std::string& first_breach() const { return breach_; }
    // How often a server came into each phase.
    const std::map<server::Phase, std::uint64_t>& phases_seen() const { return phases_seen_; }
    std::optional<server::Record> record(ServerUid uid) const;
    std::vector<vault::Snapshot> snapshots(ServerUid uid) const;
    void note(std::string_view what, ServerUid uid = {}, std::uint64_t detail = 0) { trace.note(now, what, uid, detail); }

    Time now{Milliseconds(1'800'000'000'000)};
    Trace trace;
    Faults faults;
    Plant plant;
    Dice fault_dice;
    Dice game_dice;
    std::shared_ptr<memory::StoreState> state = std::make_shared<memory::StoreState>();
    std::map<ServerUid, Cell> cells;
    std::map<ServerUid, std::map<std::string, StoredSnapshot>> vault;
    std::map<ServerUid, Truth> truths;
    bool vault_down = false;
    std::function<void(ServerUid)> changed;  // A game became ready or ended.

private:
    void advance(ServerUid uid, Cell& cell);
    void end(ServerUid uid, Cell& cell, server::ExitCause cause);
    bool is_proven(ServerUid uid, const Content& content) const;
    bool is_needed(ServerUid uid, const Cell& cell) const;
    void check_stop(const char* what, ServerUid uid, const Cell& cell);
    void count_stop(const server::Record& record, const Cell& cell);
    void release_ports(ServerUid uid);
    void check_phases();
    void check_settings(const server::Record& record);
    void check_ports();
    void check_snapshots();
    void check_worlds();

    Epoch highest_{};
    std::map<ServerUid, server::Phase> phases_;
    std::map<server::Phase, std::uint64_t> phases_seen_;
    std::map<SnapshotId, vault::SnapshotStatus> proven_;
    std::map<ServerUid, bool> loops_;
    std::map<OperationId, std::uint64_t> stopped_runs_;  // Which run an operation stopped.
    std::uint64_t runs_ = 0;
    std::uint64_t engines_ = 0;
    std::string breach_;
};

}  // namespace gk::sim
