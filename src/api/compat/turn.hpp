#pragma once

#include <string>
#include <variant>

#include "api/compat/compat.hpp"

// The originals' verbs follow one another at once, and some of them return only when they are done.
namespace gk::api::compat {

struct Target {
    std::string space;
    std::string id;
};

// Asks, and when the server is still busy with what was asked before, waits for that and asks again, until the deadline.
Task<Result<app::Accepted, app::Error>> ask_in_turn(Compat& compat, app::Caller caller, Target target, app::VerbOrder order, app::Idempotency once,
                                                    Time deadline);

// The operation as it is when it has ended, or at the deadline. A verb that held already may still be on its way: then that is waited for.
Task<Result<Operation, app::Error>> follow(Compat& compat, app::Caller caller, Target target, app::Accepted accepted, Time deadline);

// Why an operation that has ended came to nothing; nothing when it did what was asked.
std::optional<app::Error> failure_of(const Operation& operation);

}  // namespace gk::api::compat
