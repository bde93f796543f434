#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "ports/server_store.hpp"
#include "ports/task.hpp"

namespace gk {

// Which of several control planes makes the matches: one, as long as it lives. It spares the others the trying; that two at once do no harm is the
// business of the epoch (MatchStore::next_epoch()), which whoever takes the office takes anew.
class MatchOffice {
public:
    virtual ~MatchOffice() = default;
    // Returns when it is this process's turn, which lasts until what is returned is dropped. Throws operation_aborted when the task is cancelled.
    virtual Task<std::shared_ptr<void>> take() = 0;
    // Where the API of whoever has the office now is reached by the others: "http://192.0.2.7:8080", or https. Nothing while nobody has it, or says
    // where.
    virtual Task<Result<std::optional<std::string>, StoreError>> holder() = 0;
};

}  // namespace gk
