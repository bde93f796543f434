#include "app/keeper/journal.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "app/event.hpp"
#include "app/keeper/failures.hpp"

namespace gk::app {
namespace {

using Status = OperationStep::Status;

OperationStep& entry(Operation& operation, std::string_view name, Time now) {
    auto& steps = operation.steps;
    const auto at = std::ranges::find_if(steps, [&](const OperationStep& it) { return it.name == name && it.status != Status::succeeded; });
    if (at != steps.end()) return *at;
    OperationStep fresh;
    fresh.name = name;
    fresh.started_at = now;
    return steps.emplace_back(std::move(fresh));
}

void close(Operation& operation, std::string_view name, Status status, std::optional<Problem> error, Time now) {
    const auto at = std::ranges::find_if(operation.steps, [&](const OperationStep& it) { return it.name == name && it.status == Status::running; });
    if (at == operation.steps.end()) return;
    at->status = status;
    at->took = now - at->started_at;
    at->error = std::move(error);
}

// These begin something that ends later, as a transition says.
bool goes_on(const server::Step& step) { return std::holds_alternative<server::StopGame>(step) || std::holds_alternative<server::Kill>(step); }

struct Ending {
    std::string_view name;
    Status status;
};
std::optional<Ending> ended_by(server::Event on) {
    switch (on) {
    case server::Event::ready: return Ending{"wait_ready", Status::succeeded};
    case server::Event::start_timed_out:
    case server::Event::crashed: return Ending{"wait_ready", Status::failed};
    case server::Event::game_ended:
    case server::Event::start_over: return Ending{"stop_game", Status::succeeded};
    default: return std::nullopt;
    }
}

void note_transition(Operation& operation, const server::Transition& step, Time now) {
    if (step.on == server::Event::launched) entry(operation, "wait_ready", now).status = Status::running;
    const auto ending = ended_by(step.on);
    if (!ending) return;
    const auto error = ending->status == Status::failed ? std::optional(step.why) : std::nullopt;
    close(operation, ending->name, ending->status, error, now);
}

void note_end(Operation& operation, const server::Step& step, const server::Outcome& outcome, Time now) {
    if (const auto* transition = std::get_if<server::Transition>(&step)) return note_transition(operation, *transition, now);
    const auto name = server::operation_step_name(step);
    if (outcome.failure) return close(operation, name, Status::failed, outcome.failure->problem, now);
    if (!goes_on(step) && !outcome.under_way) close(operation, name, Status::succeeded, std::nullopt, now);
    if (std::holds_alternative<server::Launch>(step)) entry(operation, "wait_ready", now).status = Status::running;
}

bool is_shown(const server::Step& step) { return !server::operation_step_name(step).empty() || std::holds_alternative<server::Transition>(step); }

Value phase_data(const server::Record& record) {
    auto data = Value::object({{"phase", name_of(record.phase)}, {"wanted", name_of(record.wanted)}});
    if (!record.reason.empty()) data.set("reason", record.reason);
    if (!record.message.empty()) data.set("message", record.message);
    return data;
}

}  // namespace

Task<Result<Success, Halt>> Journal::begin(server::Record record, server::Step step) {
    const auto name = server::operation_step_name(step);
    if (!record.request || name.empty()) co_return Success{};
    auto operation = co_await ports_.ledger.operation(record.request->operation);
    if (!operation && operation.error().kind == StoreError::Kind::not_found) co_return Success{};
    if (!operation) co_return std::unexpected(halt_of(operation.error()));
    if (operation->is_finished()) co_return Success{};
    const auto now = ports_.clock.now();
    operation->status = Operation::Status::running;
    entry(*operation, name, now).status = Status::running;
    const auto stored = co_await ports_.ledger.put(std::move(*operation), epoch_);
    if (!stored) co_return std::unexpected(halt_of(stored.error()));
    co_return Success{};
}

Task<Result<Success, Halt>> Journal::end(server::Record record, server::Step step, server::Outcome outcome) {
    if (!record.request || !is_shown(step)) co_return Success{};
    auto operation = co_await ports_.ledger.operation(record.request->operation);
    if (!operation || operation->is_finished()) co_return Success{};
    const auto before = *operation;
    note_end(*operation, step, outcome, ports_.clock.now());
    if (*operation == before) co_return Success{};
    const auto stored = co_await ports_.ledger.put(std::move(*operation), epoch_);
    if (!stored) co_return std::unexpected(halt_of(stored.error()));
    co_return Success{};
}

Task<Result<Success, Halt>> Journal::tell(server::Record before, server::Record after, server::Step step) {
    const auto* transition = std::get_if<server::Transition>(&step);
    if (transition != nullptr && (transition->on == server::Event::crashed || transition->on == server::Event::start_timed_out)) {
        auto data = Value::object({{"reason", transition->why.code}, {"crashes", static_cast<std::int64_t>(after.crashes.size())}});
        CO_TRY_OK(co_await append(after, "server.crashed", std::move(data)));
    }
    if (const auto* loss = std::get_if<server::NoteLoss>(&step)) {
        auto data = Value::object({{"message", loss->why.detail}});
        CO_TRY_OK(co_await append(after, "server.disk_lost", std::move(data)));
    }
    told_[before.uid] = before.phase;
    co_return co_await notice(std::move(after));
}

Task<Result<Success, Halt>> Journal::notice(server::Record record) {
    const auto [known, is_new] = told_.try_emplace(record.uid, record.phase);
    if (is_new || known->second == record.phase) co_return Success{};
    known->second = record.phase;
    co_return co_await append(record, "server.phase", phase_data(record));
}

Task<Result<Success, Halt>> Journal::append(const server::Record& record, std::string type, Value data) {
    auto event = event_about(record, ports_.clock.now(), std::move(type), std::move(data));
    const auto appended = co_await ports_.ledger.append(std::move(event));
    if (!appended) co_return std::unexpected(halt_of(appended.error()));
    co_return Success{};
}

}  // namespace gk::app
