#pragma once

#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "adapters/postgres/rows.hpp"
#include "base/decode.hpp"
#include "base/result.hpp"
#include "net/json/json.hpp"
#include "ports/server_store.hpp"

namespace gk::postgres {

inline StoreError corrupt_row(std::string_view what, std::string_view why) {
    return {StoreError::Kind::corrupt,
            fmt::format("the stored {} is damaged ({}): nothing is done with it. Restore the database from its backup", what, why)};
}

// For types with a decode() of their own. `what` names the row for a person: "operation 0b1c...".
template <class T>
Result<T, StoreError> read_document(std::string_view what, std::string_view text) {
    const net::JsonLimits limits{.depth = 64, .size = 64u << 20};
    const auto value = net::parse_json(text, limits);
    if (!value) return std::unexpected(corrupt_row(what, value.error().message));
    Errors errors;
    T out{};
    if (!decode(*value, "", errors, out)) {
        const auto& first = errors.list().front();
        return std::unexpected(corrupt_row(what, fmt::format("{}: {}", first.pointer, first.detail)));
    }
    return out;
}

// Rows of an id and a document.
template <class T>
Result<std::vector<T>, StoreError> read_documents(std::string_view table, const Rows& rows) {
    std::vector<T> all;
    for (int row = 0; row < rows.size(); ++row) {
        TRY(item, read_document<T>(fmt::format("row {} of {}", rows.text(row, 0), table), rows.text(row, 1)));
        all.push_back(std::move(item));
    }
    return all;
}

}  // namespace gk::postgres
