#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.hpp"
#include "domain/operation/operation.hpp"
#include "domain/server/lifecycle.hpp"
#include "domain/server/record.hpp"
#include "domain/vault/snapshot.hpp"

// What the keeper can do for one server. A step is decided by plan(), carried out by app/keeper, and its outcome is folded into the record by
// apply(). Every step is idempotent: after a crash, or an answer that was lost, the next plan may ask for it again.
namespace gk::server {

// Follows an edge of the life cycle; nothing happens outside the record. `why` is stored before anything is stopped or killed for it.
struct Transition {
    Event on;
    Problem why;               // Empty code: nothing is wrong.
    std::optional<Exit> exit;  // How the game ended, when that is what was seen.
    bool operator==(const Transition&) const = default;
};

struct Validate {
    bool operator==(const Validate&) const = default;
};     // Renders the launch: settings, files and ports fit the game.
struct CheckBackup {
    bool operator==(const CheckBackup&) const = default;
};  // Asks the vault what our catalogue does not know.
struct CreateDisk {
    bool operator==(const CreateDisk&) const = default;
};
struct WriteDefaults {
    bool operator==(const WriteDefaults&) const = default;
};

struct StageDisk {
    SnapshotId snapshot;
    bool operator==(const StageDisk&) const = default;
};
struct RestoreToStage {
    vault::Snapshot snapshot;
    bool operator==(const RestoreToStage&) const = default;
};
struct CommitStaged {
    bool operator==(const CommitStaged&) const = default;
};
struct DiscardStaged {
    bool operator==(const DiscardStaged&) const = default;
};

// Brings what the game's definition names as its source to this machine.
struct FetchFiles {
    bool operator==(const FetchFiles&) const = default;
};
struct Prepare {
    bool operator==(const Prepare&) const = default;
};  // Writes the files that the game reads at its start.
struct Launch {
    bool operator==(const Launch&) const = default;
};
// Opens the ports in another way than before. The numbers stay when they may.
struct OpenPorts {
    std::optional<Exposure> exposure;
    bool operator==(const OpenPorts&) const = default;
};
struct PublishAddress {
    bool operator==(const PublishAddress&) const = default;
};

struct ProbeVault {
    bool operator==(const ProbeVault&) const = default;
};
struct BeginSnapshot {
    Saving saving;
    bool operator==(const BeginSnapshot&) const = default;
};
struct TakeSnapshot {
    Saving saving;
    bool operator==(const TakeSnapshot&) const = default;
};
// Reads it back; only then the catalogue says `complete`.
struct VerifySnapshot {
    vault::Snapshot snapshot;
    bool operator==(const VerifySnapshot&) const = default;
};
// Marks an entry of the catalogue as failed.
struct CloseSnapshot {
    SnapshotId snapshot;
    Problem why;
    bool operator==(const CloseSnapshot&) const = default;
};
struct Resume {
    bool operator==(const Resume&) const = default;
};  // Lets the game write again.

struct StopGame {
    bool operator==(const StopGame&) const = default;
};
struct Kill {
    bool operator==(const Kill&) const = default;
};
struct CleanRun {
    std::optional<Exit> exit;  // What the run came to; absent when the record has a better word for it.
    bool operator==(const CleanRun&) const = default;
};
struct FreeDisk {
    bool operator==(const FreeDisk&) const = default;
};

struct KeepWorld {
    bool operator==(const KeepWorld&) const = default;
};   // Lists the world as kept for `vault.keep_deleted`.
struct PurgeVault {
    bool operator==(const PurgeVault&) const = default;
};  // Removes every backup.
struct Forget {
    bool operator==(const Forget&) const = default;
};          // Directories, logs, rules; the ports are released.
// And then the operation that asked for it ends: when it has succeeded, the name is free.
struct RemoveRecord {
    bool operator==(const RemoveRecord&) const = default;
};

// The operation that is worked on has ended; without a problem it succeeded.
struct Finish {
    OperationId operation;
    std::optional<Problem> problem;
    std::optional<SnapshotId> snapshot;  // What a backup made.
    bool operator==(const Finish&) const = default;
};
// A newer request has replaced this operation.
struct Cancel {
    OperationId operation;
    bool operator==(const Cancel&) const = default;
};
struct Notify {
    std::string kind;
    bool operator==(const Notify&) const = default;
};
// The record is to show what was seen of the place where the world lies.
struct NotePlace {
    std::optional<Problem> obstacle;
    bool disk_tied = false;
    bool operator==(const NotePlace&) const = default;
};
// The world's disk is gone.
struct NoteLoss {
    Problem why;  // With what is lost, as far as it is known.
    bool operator==(const NoteLoss&) const = default;
};

// Tells players that the game is about to go on elsewhere, or that it stays after all.
struct TellPlayers {
    bool it_leaves = true;
    std::string text;
    bool operator==(const TellPlayers&) const = default;
};

using Step =
    std::variant<Transition, Validate, CheckBackup, CreateDisk, WriteDefaults, StageDisk, RestoreToStage, CommitStaged, DiscardStaged, FetchFiles,
                 Prepare, Launch, OpenPorts, PublishAddress, ProbeVault, BeginSnapshot, TakeSnapshot, VerifySnapshot, CloseSnapshot, Resume, StopGame,
                 Kill, CleanRun, FreeDisk, KeepWorld, PurgeVault, Forget, RemoveRecord, Finish, Cancel, Notify, NotePlace, NoteLoss, TellPlayers>;

// The name of a step in an operation ("launch", "snapshot_at_rest"); empty for book-keeping that users are not shown.
std::string_view operation_step_name(const Step& step);
// For logs and traces: "Launch", "Transition launched".
std::string text_of(const Step& step);

// Why a step did not succeed, in the words that decide what happens next.
struct Failure {
    // unavailable: try again, nothing is known of the effect. invalid: it will never work like this. exhausted: no room now.
    // damaged: what was to be read cannot be trusted.
    enum class Kind : std::uint8_t { unavailable, invalid, exhausted, damaged };
    Kind kind = Kind::unavailable;
    Problem problem;
    bool operator==(const Failure&) const = default;
};

struct Outcome {
    std::optional<Failure> failure;
    bool under_way = false;  // FetchFiles: it goes on by itself, and is to be looked at again soon.
    bool found = false;  // CheckBackup: the vault has backups, and the catalogue now lists them.
    std::string host;    // PublishAddress, and OpenPorts of a running game: where players reach it; empty: at this installation's address.
    std::vector<PortBinding> ports;  // OpenPorts: the numbers that it has now.
    bool still_quiesced = false;  // TakeSnapshot: the game could not be told to write again.
    bool operator==(const Outcome&) const = default;
};

}  // namespace gk::server
