#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/memory/state.hpp"
#include "domain/server/lifecycle.hpp"
#include "domain/server/plan.hpp"
#include "ports/port_map.hpp"
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
    Content saved;   // What of it a loss of power leaves, as the machine has promised ...
    Content synced;  // ... and as it is.
    bool staged = false;
    Content stage;
    Seen::Process process = Seen::Process::gone;
    std::optional<server::Exit> exit;
    std::optional<Time> started_at;
    bool quiesced = false;
    bool stray = false;         // Started by hand.
    bool told = true;           // Somebody has observed it since it was launched.
    std::uint64_t run = 0;      // Counts the processes of this installation.
    std::string settings_file;  // What the game reads at its start.
    std::string started_with;   // What the process that is there has read.
    enum class Next : std::uint8_t { none, ready, crash, lost, end };
    Next next = Next::none;
    Time next_at{};

    bool alive() const { return process == Seen::Process::starting || process == Seen::Process::ready || process == Seen::Process::stopping; }
    bool is_something() const { return disk || staged || process != Seen::Process::gone; }
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

// Depends on both, and tells nothing of either.
std::uint64_t mixed(std::uint64_t a, std::uint64_t b);
// The settings of a record as the toy game writes them.
std::string text_of(const std::map<std::string, Value>& settings);

// What must be true of one server's world, whatever happens.
struct Truth {
    std::optional<Content> world;  // With everything that players were told is done.
    // What it was before a restore whose record does not say yet that it was done: a newer request may still cancel that restore, and then
    // either world is right.
    std::optional<Content> undone;
    bool waived = false;  // Somebody forced or purged it by name.

    bool accepts(const Content& content) const { return world == content || undone == content; }
    void is(const Content& content) {
        world = content;
        undone.reset();
    }
};

// A hopeless game is given up early, so that this is often seen.
inline constexpr std::size_t crashes_max = 5;
// How long the world of a deleted server stays in the vault.
inline constexpr Milliseconds keep_deleted = std::chrono::minutes(4);
// As the port map promises.
inline constexpr Milliseconds port_rest = std::chrono::seconds(60);
// Nothing younger is pruned (app::VaultCare, in the minutes of the simulator).
inline constexpr Milliseconds youngest_to_prune = std::chrono::minutes(2);

// People who come and go by themselves, where somebody simulates them.
class Guests {
public:
    virtual ~Guests() = default;
    // How many are in the game, as it says itself; nothing: it does not say.
    virtual std::optional<int> counted(ServerUid uid) const = 0;
    // The game is about to be stopped, or killed.
    virtual void game_is_stopped(ServerUid uid) = 0;
};

class Ground;
// A command on its way to the machine. Those of one life arrive in the order in which they were sent.
struct Letter {
    const char* what;
    ServerUid uid;
    Epoch epoch{};
    std::function<Result<Success, RuntimeError>(Ground&, ServerUid)> act;
    std::uint64_t life = 0;
    Time arrives{};
};

// Everything that outlives the control plane: the machine, the vault, the stores. And the rules: each effect is checked where it happens.
class Ground {
public:
    Ground(std::uint64_t seed, Plant plant);

    // Commands. receive(): one that arrives now. post(): one that its sender has given up and that arrives later. deliver(): what this life has
    // posted arrives now, before anything else that it does.
    using Effect = Result<Success, RuntimeError>;
    Effect receive(const Letter& letter);
    void post(Letter letter) { letters_.push_back(std::move(letter)); }
    void deliver(std::uint64_t life);

    // The effects of runtime and vault calls.
    Effect admit(const char* what, ServerUid uid, Epoch epoch);
    Effect fence(Epoch epoch);
    bool is_fenced(Epoch epoch) const { return epoch < highest_; }
    // I2: the ledger has taken this write of a keeper.
    void check_writer(const char* what, Epoch epoch);
    Seen observe(ServerUid uid);
    std::optional<int> players_of(ServerUid uid) const;
    Effect create_disk(ServerUid uid);
    Effect free_disk(ServerUid uid);
    Effect stage_disk(ServerUid uid);
    Effect commit_staged(ServerUid uid);
    Effect discard_staged(ServerUid uid);
    // `settings` as the arguments of the launch say them.
    Effect launch(ServerUid uid, const std::string& settings);
    Effect stop(ServerUid uid);
    Effect kill(ServerUid uid);
    Effect clean(ServerUid uid);
    Effect forget(ServerUid uid);
    Effect quiesce(ServerUid uid);
    Effect resume(ServerUid uid);
    // What is saved is on the medium.
    void sync_world(ServerUid uid);
    // The port map gives back what this server held.
    void release_ports(ServerUid uid);
    Result<std::string, RuntimeError> type(ServerUid uid, const std::string& line);
    void write_defaults(ServerUid uid);
    void write_settings(ServerUid uid, std::string settings);
    TakenSnapshot keep(const SnapshotOrder& order, const Cell& before);
    const std::string* engine_of(ServerUid uid, SnapshotId id) const;
    void prune(ServerUid uid, std::vector<std::string> engines);
    void remove_repository(ServerUid uid);

    // Goes on to `now`: games become ready, end, crash.
    void settle();
    std::optional<Time> next_event() const;
    // A player does something in every game that is up and may write.
    void play(ServerUid uid);
    // Everything that runs is gone at once, and what was not on the medium.
    void lose_power();
    // A disk that is not in use is gone. What players have left is what the newest proven snapshot says.
    // False: it is in use.
    bool lose_disk(ServerUid uid);
    // Of a cluster. Its node ends a game, which whoever asked for it need not have meant; a game is over and how it ended is not known any more;
    // the container of a game has ended under it; a claim is gone for good.
    void end_by_node(ServerUid uid);
    void forget_run(ServerUid uid);
    void lose_run(ServerUid uid);
    void remove_disk(ServerUid uid);
    // Behind the back of the control plane, a game that is wanted down is up.
    void start_by_hand(ServerUid uid);
    // One that is down and whose backup failed.
    std::optional<ServerUid> with_failed_backup() const;
    // No more faults, and games that behave.
    void heal();
    // Counts the waits of all lives, and says whether a life is to die in this one.
    bool is_last_wait(const char* what);

    // The rules that hold at every moment. The first breach is kept.
    void check();
    // A client was told that this record is stored.
    void promise_settings(const server::Record& record);
    // I5: whatever a client was told is stored.
    void check_promises();
    // What must hold once everything has come to rest; empty when it does.
    std::string unrest() const;
    // I8 and I10 at rest: every server holds the ports of its record, and nobody else holds any.
    std::string misheld_ports(const std::vector<PortMap::Reservation>& held) const;
    void breach(std::string text);
    const std::string& first_breach() const { return breach_; }
    // How often a server moved along each edge of the life cycle.
    using Edges = std::map<std::pair<server::Phase, server::Event>, std::uint64_t>;
    const Edges& edges_seen() const { return edges_seen_; }
    bool has_known(ServerUid uid) const { return known_.contains(uid); }
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
    std::set<OperationId> promised;  // What clients were told.
    std::set<OperationId> taken_on;  // Those whose own request was answered, not a repetition of it.
    std::multiset<std::string> settings_asked;  // By patches that were not answered with success: they may have been stored.
    bool vault_down = false;
    bool ports_rest = true;        // Before they are given to another server.
    bool shares_writes = false;    // What has come of several steps may be stored at once.
    bool had_two_keepers = false;  // At the same time: each has a port map of its own.
    bool quiet = false;         // Nobody asks for anything any more, schedules neither.
    Milliseconds skew{0};       // Of the calendar.
    std::set<std::uint64_t> deaths;  // The waits in which a life dies, by number from 1 on.
    std::vector<std::string> waits;  // The names of the calls, as long as there are deaths to come.
    std::function<void(ServerUid)> changed;  // A game became ready or ended.
    Guests* guests = nullptr;                // Null: somebody is there by turns.

private:
    void advance(ServerUid uid, Cell& cell);
    void end(ServerUid uid, Cell& cell, server::ExitCause cause);
    bool is_proven(ServerUid uid, const Content& content) const;
    bool is_waived(ServerUid uid) const;
    bool is_needed(ServerUid uid, const Cell& cell) const;
    void check_tries(ServerUid uid);
    void check_stop(const char* what, ServerUid uid, const Cell& cell);
    void count_stop(const server::Record& record, const Cell& cell);
    void lose_power(ServerUid uid, Cell& cell);
    void note_move(server::Phase from, const server::Record& to);
    void check_records();
    void check_settings(const server::Record& record);
    void check_ports();
    void check_snapshots();
    void check_worlds();
    std::string unrest_of(const server::Record& record) const;
    std::string leftovers() const;
    std::string lost_worlds() const;
    void save(Cell& cell, Plant unless) const;

    Epoch fenced_{};  // Lower ones have no effect, as somebody was told.
    Epoch highest_{};
    struct PortUse {
        ServerUid holder;
        Time last;
    };
    std::map<std::pair<Protocol, Port>, PortUse> ports_used_;  // By a record, now or last.
    struct Settings {
        Time created_at{};  // Of the record: an adopted world comes back under its old uid.
        std::uint64_t version = 0;  // Of the stores here, which count.
        std::string text;
    };
    std::map<ServerUid, Settings> settings_promised_;
    std::map<ServerUid, server::Phase> phases_;  // Of the servers that are there.
    std::set<ServerUid> known_;                  // That have ever been there.
    Edges edges_seen_;
    std::set<SnapshotId> proven_;
    std::vector<Letter> letters_;
    std::map<std::string, std::uint64_t> typed_;
    std::map<ServerUid, bool> loops_;
    std::map<OperationId, std::uint64_t> stopped_runs_;  // Which run an operation stopped.
    std::uint64_t runs_ = 0;
    std::uint64_t engines_ = 0;
    std::string breach_;
};

}  // namespace gk::sim
