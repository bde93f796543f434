#include "api/compat/turn.hpp"

#include <algorithm>

#include "api/reply.hpp"

namespace gk::api::compat {
namespace {

Milliseconds left_until(Clock& clock, Time deadline) { return std::max(deadline - clock.now(), Milliseconds(0)); }

// What the server is busy with, as it is when it has ended or the time is over; nullopt when it is busy with nothing.
Task<std::optional<Operation>> wait_for_present(Compat& compat, app::Caller caller, Target target, Time deadline) {
    const auto record = co_await compat.api.servers.find(caller, target.space, target.id);
    if (!record || !record->request) co_return std::nullopt;
    auto present = co_await compat.api.servers.operation(std::move(caller), record->request->operation);
    if (!present || present->is_finished()) co_return std::nullopt;
    co_return co_await await_operation(compat.api, std::move(*present), left_until(compat.api.clock, deadline));
}

bool may_pass(const app::Error& error) { return error.code == "illegal_transition" || error.code == "busy"; }

}  // namespace

Task<Result<app::Accepted, app::Error>> ask_in_turn(Compat& compat, app::Caller caller, Target target, app::VerbOrder order, app::Idempotency once,
                                                    Time deadline) {
    for (;;) {
        auto accepted = co_await compat.api.servers.ask(caller, target.space, target.id, order, once);
        if (accepted || !may_pass(accepted.error())) co_return accepted;
        const auto present = co_await wait_for_present(compat, caller, target, deadline);
        if (!present || !present->is_finished()) co_return accepted;
    }
}

Task<Result<Operation, app::Error>> follow(Compat& compat, app::Caller caller, Target target, app::Accepted accepted, Time deadline) {
    if (accepted.changed) {
        co_return co_await await_operation(compat.api, std::move(accepted.operation), left_until(compat.api.clock, deadline));
    }
    const auto present = co_await wait_for_present(compat, std::move(caller), std::move(target), deadline);
    co_return present ? *present : std::move(accepted.operation);
}

std::optional<app::Error> failure_of(const Operation& operation) {
    if (operation.status == Operation::Status::cancelled) {
        return app::Error{.kind = app::Error::Kind::conflict, .code = "cancelled", .message = "another request for this server took its place"};
    }
    if (operation.status != Operation::Status::failed) return std::nullopt;
    const auto problem = operation.error.value_or(Problem{.code = "failed", .detail = "it was not possible"});
    return app::Error{.kind = app::Error::Kind::internal, .code = problem.code, .message = problem.detail};
}

}  // namespace gk::api::compat
