#include "adapters/sqlite/facts.hpp"

#include <charconv>

#include "adapters/sqlite/digest.hpp"
#include "adapters/sqlite/document.hpp"

namespace gk::sqlite {
namespace {

std::string digest_of(std::string_view name, std::string_view value) { return RowDigest("facts").add(name).add(value).hex(); }

std::string name_of_epoch(std::string_view whose) { return fmt::format("{}.epoch", whose); }

Result<Epoch, StoreError> read_epoch(Connection& db, std::string_view whose) {
    TRY(stored, read_fact(db, name_of_epoch(whose)));
    if (!stored) return Epoch{};
    std::uint64_t last = 0;
    const auto read = std::from_chars(stored->data(), stored->data() + stored->size(), last);
    if (read.ec != std::errc() || read.ptr != stored->data() + stored->size()) return std::unexpected(corrupt_row("epoch", "it is no number"));
    return static_cast<Epoch>(last);
}

}  // namespace

Result<std::optional<std::string>, StoreError> read_fact(Connection& db, std::string_view name) {
    auto rows = db.query("SELECT value, digest FROM facts WHERE name = ?1", name);
    TRY(found, rows.next());
    if (!found) return std::nullopt;
    TRY_OK(check_digest(fmt::format("fact {}", name), rows.text(1), digest_of(name, rows.text(0))));
    return std::string(rows.text(0));
}

Result<Success, StoreError> write_fact(Connection& db, std::string_view name, std::string_view value) {
    TRY_OK(db.change("INSERT INTO facts (name, value, digest) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET value = ?2, digest = ?3", name,
                     value, digest_of(name, value)));
    return Success{};
}

Result<Epoch, StoreError> raise_epoch(Connection& db, std::string_view whose) {
    TRY(last, read_epoch(db, whose));
    const auto next = std::to_underlying(last) + 1;
    TRY_OK(write_fact(db, name_of_epoch(whose), std::to_string(next)));
    return static_cast<Epoch>(next);
}

Result<Success, StoreError> check_epoch(Connection& db, std::string_view whose, WrittenBy by) {
    if (!by) return Success{};
    TRY(newest, read_epoch(db, whose));
    if (*by < newest) return std::unexpected(StoreError{StoreError::Kind::fenced, fmt::format("a newer {} is at work", whose)});
    return Success{};
}

}  // namespace gk::sqlite
