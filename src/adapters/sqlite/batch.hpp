#pragma once

#include <functional>
#include <vector>

#include "adapters/sqlite/connection.hpp"

namespace gk::sqlite {

// One request inside a shared transaction.
struct BatchItem {
    bool writes = false;                       // Else perform() changes nothing.
    bool is_essential = false;                 // When it is refused, the whole transaction fails.
    std::function<bool(Connection&)> perform;  // False when refused.
    std::function<void(StoreError)> fail;      // Replaces whatever perform() had found.
};

// Performs the items in their order in one transaction. On return every item has its final result: those that were to write are on disk, or
// have failed.
void perform_batch(Connection& db, const std::vector<const BatchItem*>& items);

}  // namespace gk::sqlite
