#pragma once

#include <string>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "base/id.hpp"
#include "ports/clock.hpp"
#include "ports/ledger.hpp"
#include "ports/task.hpp"

namespace gk::app {

// Where a repeated request finds the answer that was given (contract section 4).
struct Idempotency {
    std::string key;     // Empty: none.
    std::string digest;  // Of method, path and body.
};

// The refusal of a key that stands for another request.
Error idempotency_mismatch();

// The operation that a request is answered with: `fresh` the first time, the same as then when it is repeated.
struct Turn {
    OperationId operation;
    bool is_first = true;
};

// Remembers the request durably before anything is done for it. Another request under the same key is refused.
Task<Result<Turn, Error>> take_turn(Ledger& ledger, Time now, Caller caller, Idempotency once, OperationId fresh);

// For what can be done once only and whose answer is not kept, such as a secret: refuses the repetition, with what to do instead.
Task<Result<Success, Error>> take_only_turn(Ledger& ledger, Time now, Caller caller, Idempotency once, OperationId fresh, std::string cure);

}  // namespace gk::app
