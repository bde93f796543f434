#include "domain/server/step.hpp"

#include <type_traits>

#include <fmt/format.h>

namespace gk::server {
namespace {

// The class name of a step, and the name under which an operation lists it.
struct Names {
    std::string_view text;
    std::string_view in_operation;
};

constexpr Names names_of_step(const Transition&) { return {"Transition", ""}; }
constexpr Names names_of_step(const Validate&) { return {"Validate", "validate"}; }
constexpr Names names_of_step(const CheckBackup&) { return {"CheckBackup", "check_backup"}; }
constexpr Names names_of_step(const CreateDisk&) { return {"CreateDisk", "create_disk"}; }
constexpr Names names_of_step(const WriteDefaults&) { return {"WriteDefaults", "write_defaults"}; }
constexpr Names names_of_step(const StageDisk&) { return {"StageDisk", "stage_disk"}; }
constexpr Names names_of_step(const RestoreToStage&) { return {"RestoreToStage", "restore"}; }
constexpr Names names_of_step(const CommitStaged&) { return {"CommitStaged", "commit_restore"}; }
constexpr Names names_of_step(const DiscardStaged&) { return {"DiscardStaged", ""}; }
constexpr Names names_of_step(const FetchFiles&) { return {"FetchFiles", "fetch"}; }
constexpr Names names_of_step(const Prepare&) { return {"Prepare", "write_files"}; }
constexpr Names names_of_step(const Launch&) { return {"Launch", "launch"}; }
constexpr Names names_of_step(const OpenPorts&) { return {"OpenPorts", "open_ports"}; }
constexpr Names names_of_step(const PublishAddress&) { return {"PublishAddress", "publish_address"}; }
constexpr Names names_of_step(const ProbeVault&) { return {"ProbeVault", "probe_vault"}; }
constexpr Names names_of_step(const BeginSnapshot&) { return {"BeginSnapshot", ""}; }
constexpr Names names_of_step(const TakeSnapshot& step) {
    return {"TakeSnapshot", step.saving.consistency == vault::Consistency::at_rest ? "snapshot_at_rest" : "snapshot_running"};
}
constexpr Names names_of_step(const VerifySnapshot&) { return {"VerifySnapshot", "verify_snapshot"}; }
constexpr Names names_of_step(const CloseSnapshot&) { return {"CloseSnapshot", ""}; }
constexpr Names names_of_step(const Resume&) { return {"Resume", ""}; }
constexpr Names names_of_step(const StopGame&) { return {"StopGame", "stop_game"}; }
constexpr Names names_of_step(const Kill&) { return {"Kill", "stop_game"}; }
constexpr Names names_of_step(const CleanRun&) { return {"CleanRun", "free_compute"}; }
constexpr Names names_of_step(const FreeDisk&) { return {"FreeDisk", "free_disk"}; }
constexpr Names names_of_step(const KeepWorld&) { return {"KeepWorld", "keep_world"}; }
constexpr Names names_of_step(const PurgeVault&) { return {"PurgeVault", "purge_vault"}; }
constexpr Names names_of_step(const Forget&) { return {"Forget", "forget"}; }
constexpr Names names_of_step(const RemoveRecord&) { return {"RemoveRecord", ""}; }
constexpr Names names_of_step(const Finish&) { return {"Finish", ""}; }
constexpr Names names_of_step(const Cancel&) { return {"Cancel", ""}; }
constexpr Names names_of_step(const Notify&) { return {"Notify", ""}; }
constexpr Names names_of_step(const NotePlace&) { return {"NotePlace", ""}; }
constexpr Names names_of_step(const NoteLoss&) { return {"NoteLoss", ""}; }
constexpr Names names_of_step(const TellPlayers&) { return {"TellPlayers", ""}; }

}  // namespace

std::string_view operation_step_name(const Step& step) {
    return std::visit([](const auto& it) { return names_of_step(it).in_operation; }, step);
}

std::string text_of(const Step& step) {
    if (const auto* transition = std::get_if<Transition>(&step)) return fmt::format("Transition {}", name_of(transition->on));
    return std::string(std::visit([](const auto& it) { return names_of_step(it).text; }, step));
}

}  // namespace gk::server
