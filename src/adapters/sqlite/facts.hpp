#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/sqlite/database.hpp"
#include "ports/ledger.hpp"

namespace gk::sqlite {

// Small facts by name, each with its digest.
Result<std::optional<std::string>, StoreError> read_fact(Connection& db, std::string_view name);
Result<Success, StoreError> write_fact(Connection& db, std::string_view name, std::string_view value);

// An epoch is kept as a fact: that of a "keeper" as "keeper.epoch". 0 when nobody has raised it yet; raise_epoch() returns the new one.
Result<Epoch, StoreError> raise_epoch(Connection& db, std::string_view whose);
// `fenced` when the stored epoch is newer. Looks in the transaction of the write that follows.
Result<Success, StoreError> check_epoch(Connection& db, std::string_view whose, WrittenBy by);

}  // namespace gk::sqlite
