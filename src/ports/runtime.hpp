#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "domain/operation/operation.hpp"
#include "domain/server/launch.hpp"
#include "domain/server/types.hpp"
#include "ports/task.hpp"

namespace gk {

struct RuntimeError {
    // refused: our epoch is old, stop working. not_found: no such disk, process or log. exhausted: no room (disk, loop devices, uids).
    // invalid: the game cannot be started like this (no such program). unavailable: try again; nothing is known of the effect.
    enum class Kind : std::uint8_t { unavailable, refused, not_found, exhausted, invalid };
    Kind kind;
    std::string detail;
};

// What is really there of one server. Observed afresh, never cached by the caller.
struct Seen {
    enum class Disk : std::uint8_t { absent, present };
    // gone: nothing runs and nothing is left of a run. exited: the game ended and its exit has not been collected by clean().
    // unknown: its node is silent and not known to be dead (contract section 9); the game may run, and nothing may be done for it or elsewhere.
    enum class Process : std::uint8_t { gone, starting, ready, stopping, exited, unknown };
    Disk disk = Disk::absent;
    bool staged = false;  // A staged world lies beside the live one.
    Process process = Process::gone;
    std::optional<server::Exit> exit;  // When exited.
    std::optional<Time> started_at;    // Of the process.
    server::Players players;
    bool quiesced = false;

    // Of places that can fail apart from this process: nodes of a cluster. Codes are stable, sentences tell cause and cure.
    std::optional<Problem> obstacle;   // What keeps the game from running, or has ended it: node_unreachable, unschedulable, pod_evicted, ...
    std::optional<Problem> disk_lost;  // Why a disk that was made is absent.
    std::optional<Problem> leave;      // The game runs on a node that is to be emptied.
    bool disk_tied = false;            // The disk can be used only on a node that is to be emptied.
    bool operator==(const Seen&) const = default;
};

struct LogLine {
    std::uint64_t cursor = 0;  // Of the line behind this one: pass it to read on. Grows with every byte ever logged by this server.
    Time at{};
    std::string line;
};

struct DiskSpec {
    MebiBytes size;
    std::uint32_t slot = 0;  // Whose uid owns the world.
    bool in_memory = false;  // If that can be: made and removed at once, part of the game's memory, and lost when the machine goes down.
};

// Runs the games of one machine or cluster. Every call is idempotent: repeating it after an unknown outcome is safe. Commands carry the
// epoch; a receiver that has seen a higher one refuses.
class Runtime {
public:
    virtual ~Runtime() = default;
    template <class T>
    using Answer = Task<Result<T, RuntimeError>>;

    // Every command with a lower epoch is refused once this has returned: a keeper calls it before it believes what it observes. Runtimes whose
    // commands can only come from this process need not do anything.
    virtual Answer<Success> fence(Epoch) { co_return Success{}; }

    virtual Answer<Seen> observe(ServerUid uid) = 0;
    // Everything that exists, also what no record knows: orphans are found by it.
    virtual Answer<std::vector<ServerUid>> list() = 0;
    // Calls `changed` on the loop's thread when something about a server may have changed (ready, exited, players). It only wakes.
    using Changed = std::function<void(ServerUid)>;
    virtual std::shared_ptr<void> watch(Changed changed) = 0;

    // The world's disk. create_disk makes an empty one of that size, owned by the slot's uid, or does nothing when there is one.
    virtual Answer<Success> create_disk(ServerUid uid, DiskSpec spec, Epoch epoch) = 0;
    virtual Answer<Success> free_disk(ServerUid uid, Epoch epoch) = 0;
    // A second, empty disk beside the live one, for a restore; what was staged before is discarded.
    virtual Answer<Success> stage_disk(ServerUid uid, DiskSpec spec, Epoch epoch) = 0;
    // Makes the staged disk the live one, in one step; the old live one is gone afterwards. Nothing may run.
    virtual Answer<Success> commit_staged(ServerUid uid, Epoch epoch) = 0;
    virtual Answer<Success> discard_staged(ServerUid uid, Epoch epoch) = 0;

    // Starts the game; returns once it has been executed, before it is ready. When it runs already, nothing happens.
    virtual Answer<Success> launch(server::LaunchSpec spec, Epoch epoch) = 0;
    // The name or address by which players reach the open ports of the game that runs; empty: this installation's own. `unavailable` while it is
    // not known yet, with the reason.
    virtual Answer<std::string> host_of(ServerUid) { co_return std::string(); }
    // Begins the stop ladder and returns; the end shows in observe(). Asked again, it goes on where it is.
    virtual Answer<Success> stop(ServerUid uid, Epoch epoch) = 0;
    // Ends it now, whatever it does.
    virtual Answer<Success> kill(ServerUid uid, Epoch epoch) = 0;
    // Frees what a finished run left: container, cgroup, exit record. Afterwards the process is `gone`. Keeps logs and disk.
    virtual Answer<Success> clean(ServerUid uid, Epoch epoch) = 0;
    // Removes everything of a deleted server: logs, directories, rules.
    virtual Answer<Success> forget(ServerUid uid, Epoch epoch) = 0;

    // Makes the files on disk whole and keeps the game from writing; undone by resume(), and by the shim itself when nobody asks for it
    // within the definition's timeout. `not_found` when the game has no such commands: then there is nothing to undo.
    virtual Answer<Success> quiesce(ServerUid uid, Epoch epoch) = 0;
    virtual Answer<Success> resume(ServerUid uid, Epoch epoch) = 0;
    // Types a console command; returns what the game answered, empty where it has no way to. With epoch 0 it is a person's word that this process,
    // which does not keep, passes on: it goes under the epoch that whoever receives it has seen.
    virtual Answer<std::string> command(ServerUid uid, std::string line, Epoch epoch) = 0;
    // Says a line to its console that needs no answer: returns once the game can read it, or, where only an answer shows that, with the answer.
    virtual Answer<Success> tell(ServerUid uid, std::string line, Epoch epoch) {
        CO_TRY_OK(co_await command(uid, std::move(line), epoch));
        co_return Success{};
    }

    // What it is used for, in names for people, where what runs has a place to bear them; elsewhere nothing happens.
    virtual Answer<Success> label(ServerUid, std::map<std::string, std::string>, Epoch) { co_return Success{}; }

    // Lines from `cursor` on, oldest first, at most `lines_max`; a cursor older than what is kept starts at the oldest kept line.
    virtual Answer<std::vector<LogLine>> logs(ServerUid uid, std::uint64_t cursor, std::size_t lines_max) = 0;
    // The cursor that starts the last `lines` lines.
    virtual Answer<std::uint64_t> log_cursor_from_end(ServerUid uid, std::size_t lines) = 0;
    // Calls `grown` on the loop's thread when there may be more lines to read, also those of a later run, until the handle is dropped. It only
    // wakes: it may call once too often. A follower watches first and reads then, so that no line is missed. `exhausted` when this machine's
    // limits allow no further watch.
    virtual Result<std::shared_ptr<void>, RuntimeError> watch_log(ServerUid uid, std::function<void()> grown) = 0;
    virtual Answer<server::Usage> usage(ServerUid uid) = 0;

    // "" when all is well, else what is degraded and how to mend it, for doctor, readyz and the log.
    virtual Answer<std::string> health() = 0;
};

}  // namespace gk
