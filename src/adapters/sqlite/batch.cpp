#include "adapters/sqlite/batch.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/log.hpp"

namespace gk::sqlite {
namespace {

// Unlike execute(), it keeps the statement: each item needs two of these.
Result<Success, StoreError> step(Connection& db, const char* sql) {
    TRY_OK(db.change(sql));
    return Success{};
}

StoreError undone() { return {StoreError::Kind::unavailable, "the transaction was undone: the disk may be full; try again"}; }

// Needs no savepoint, which would cost as much as many a read: there is nothing to undo.
Result<Success, StoreError> perform_read(Connection& db, const BatchItem& item) {
    const auto before = db.rows_changed();
    item.perform(db);
    ASSERT(db.rows_changed() == before, "who only reads changes nothing");
    if (!db.in_transaction()) return std::unexpected(undone());
    return Success{};
}

// An item that is refused leaves no trace. An error here means that the whole transaction is lost.
Result<Success, StoreError> perform_apart(Connection& db, const BatchItem& item) {
    if (!item.writes) return perform_read(db, item);
    TRY_OK(step(db, "SAVEPOINT item"));
    const bool good = item.perform(db);
    // SQLite itself undoes everything after some errors, a full disk for one.
    if (!db.in_transaction()) return std::unexpected(undone());
    if (!good && item.is_essential) {
        return std::unexpected(StoreError{StoreError::Kind::unavailable, "what had to be written first was refused; try again"});
    }
    if (!good) TRY_OK(step(db, "ROLLBACK TO item"));
    return step(db, "RELEASE item");
}

Result<Success, StoreError> perform_all(Connection& db, const std::vector<const BatchItem*>& items) {
    const bool any_writes = std::ranges::any_of(items, &BatchItem::writes);
    TRY_OK(step(db, any_writes ? "BEGIN IMMEDIATE" : "BEGIN"));
    for (const auto* item : items) TRY_OK(perform_apart(db, *item));
    return step(db, "COMMIT");
}

}  // namespace

void perform_batch(Connection& db, const std::vector<const BatchItem*>& items) {
    const auto done = perform_all(db, items);
    if (!done) {
        if (db.in_transaction() && !step(db, "ROLLBACK")) {
            for (const auto* item : items) item->fail(done.error());
            return;
        }
        // A refusal, too, may have rested on a neighbour's write that never happened; and a read may have seen one.
        for (const auto* item : items) {
            if (item->writes) item->fail(done.error());
            else item->perform(db);
        }
        return;
    }
    // What is committed is safe in the log, whatever becomes of this.
    if (const auto copied = db.checkpoint_when_due(); !copied) log::error("sqlite", "checkpoint failed", {{"detail", copied.error().detail}});
}

}  // namespace gk::sqlite
