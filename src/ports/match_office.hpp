#pragma once

#include <memory>

#include "ports/task.hpp"

namespace gk {

// Which of several control planes makes the matches: one, as long as it lives. It spares the others the trying; that two at once do no harm is the
// business of the epoch (MatchStore::next_epoch()), which whoever takes the office takes anew.
class MatchOffice {
public:
    virtual ~MatchOffice() = default;
    // Returns when it is this process's turn, which lasts until what is returned is dropped. Throws operation_aborted when the task is cancelled.
    virtual Task<std::shared_ptr<void>> take() = 0;
};

}  // namespace gk
