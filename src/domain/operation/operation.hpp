#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/enum_names.hpp"
#include "base/id.hpp"
#include "base/time.hpp"
#include "base/value.hpp"
#include "domain/server/types.hpp"

namespace gk {

// What went wrong, as users see it: a stable code and a sentence with cause and cure.
struct Problem {
    std::string code;
    std::string detail;
    bool operator==(const Problem&) const = default;
};

// One thing the keeper did for an operation.
struct OperationStep {
    enum class Status : std::uint8_t { running, succeeded, failed, skipped };
    std::string name;
    Status status = Status::running;
    Time started_at{};
    std::optional<Milliseconds> took;
    std::optional<Problem> error;
    bool operator==(const OperationStep&) const = default;
};
inline constexpr auto step_status_names = std::to_array<std::string_view>({"running", "succeeded", "failed", "skipped"});
constexpr std::span<const std::string_view> names_of(OperationStep::Status) { return step_status_names; }

// A request that takes time. Resumable: whoever runs the keeper next goes on with it.
struct Operation {
    enum class Status : std::uint8_t { waiting, running, succeeded, failed, cancelled };
    OperationId id;
    ServerUid server;
    std::string server_id;  // So that it can be shown after the server is gone.
    std::string space = "default";
    std::string tenant = "default";  // Whose server it is: others do not see it.
    server::Verb verb = server::Verb::start;
    Status status = Status::waiting;
    std::string cause;      // Who or what asked: "user:admin", "schedule", "keeper".
    bool force = false;
    std::vector<OperationStep> steps;
    std::optional<Problem> error;
    Value result;           // For example {"snapshot": "..."}.
    Time created_at{};
    std::optional<Time> finished_at;
    bool is_finished() const { return finished_at.has_value(); }
    bool operator==(const Operation&) const = default;
};
inline constexpr auto operation_status_names = std::to_array<std::string_view>({"waiting", "running", "succeeded", "failed", "cancelled"});
constexpr std::span<const std::string_view> names_of(Operation::Status) { return operation_status_names; }

// A fact for the outbox. `number` orders them all; SSE and webhooks replay from it.
struct Event {
    std::uint64_t number = 0;  // Given by the ledger.
    Time at{};
    std::string type;          // "server.phase", "snapshot.complete", ...
    std::optional<ServerUid> server;
    std::string server_id;
    std::string space = "default";
    std::string tenant = "default";  // Who may hear of it: others do not.
    Value data;
};

}  // namespace gk
