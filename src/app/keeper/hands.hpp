#pragma once

#include "app/keeper/ports.hpp"
#include "base/id.hpp"
#include "domain/server/step.hpp"

namespace gk::app {

// Carries out one step in the world. What the step itself meets (no room, vault away) is its outcome, for apply() to judge; a Halt says that
// nothing can be recorded now.
class Hands {
public:
    Hands(const KeeperPorts& ports, const KeeperLimits& limits, Epoch epoch) : ports_(ports), limits_(limits), epoch_(epoch) {}

    using Answer = Task<Result<server::Outcome, Halt>>;
    Answer carry_out(server::Record record, server::Step step);

private:
    // One overload per step, found by std::visit. Steps without effect outside the ledger and the record have none of their own.
    Answer act(const server::Record& record, const server::Transition& step);
    Answer act(const server::Record& record, const server::Validate& step);
    Answer act(const server::Record& record, const server::CheckBackup& step);
    Answer act(const server::Record& record, const server::CreateDisk& step);
    Answer act(const server::Record& record, const server::WriteDefaults& step);
    Answer act(const server::Record& record, const server::StageDisk& step);
    Answer act(const server::Record& record, const server::RestoreToStage& step);
    Answer act(const server::Record& record, const server::CommitStaged& step);
    Answer act(const server::Record& record, const server::DiscardStaged& step);
    Answer act(const server::Record& record, const server::FetchFiles& step);
    Answer act(const server::Record& record, const server::Prepare& step);
    Answer act(const server::Record& record, const server::Launch& step);
    Answer act(const server::Record& record, const server::OpenPorts& step);
    Answer act(const server::Record& record, const server::PublishAddress& step);
    Answer act(const server::Record& record, const server::ProbeVault& step);
    Answer act(const server::Record& record, const server::BeginSnapshot& step);
    Answer act(const server::Record& record, const server::TakeSnapshot& step);
    Answer act(const server::Record& record, const server::VerifySnapshot& step);
    Answer act(const server::Record& record, const server::CloseSnapshot& step);
    Answer act(const server::Record& record, const server::Resume& step);
    Answer act(const server::Record& record, const server::StopGame& step);
    Answer act(const server::Record& record, const server::Kill& step);
    Answer act(const server::Record& record, const server::CleanRun& step);
    Answer act(const server::Record& record, const server::FreeDisk& step);
    Answer act(const server::Record& record, const server::KeepWorld& step);
    Answer act(const server::Record& record, const server::PurgeVault& step);
    Answer act(const server::Record& record, const server::Forget& step);
    Answer act(const server::Record& record, const server::RemoveRecord& step);
    Answer act(const server::Record& record, const server::Finish& step);
    Answer act(const server::Record& record, const server::Cancel& step);
    Answer act(const server::Record& record, const server::Notify& step);
    Answer act(const server::Record& record, const server::NotePlace& step);
    Answer act(const server::Record& record, const server::NoteLoss& step);
    Answer act(const server::Record& record, const server::TellPlayers& step);

    Answer write_files(const server::Record& record);
    Answer clear_catalogue(ServerUid uid);
    Task<bool> quiesce(ServerUid uid);
    Task<Result<vault::Snapshot, Halt>> entry(ServerUid uid, SnapshotId id);
    Task<Result<Success, Halt>> list_in_catalogue(vault::Snapshot snapshot);
    Task<Result<Success, Halt>> announce(const server::Record& record, const vault::Snapshot& snapshot);
    Task<Result<Success, Halt>> end_operation(OperationId id, Operation::Status status, std::optional<Problem> error, Value result);

    KeeperPorts ports_;
    KeeperLimits limits_;
    Epoch epoch_;
};

}  // namespace gk::app
