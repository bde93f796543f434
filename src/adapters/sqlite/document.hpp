#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/decode.hpp"
#include "base/result.hpp"
#include "net/json/json.hpp"
#include "ports/server_store.hpp"

namespace gk::sqlite {

// For a row whose digest or document is wrong. `what` names the row for a person: "server default/alpha".
inline StoreError corrupt_row(std::string_view what, std::string_view why) {
    return {StoreError::Kind::corrupt,
            fmt::format("the stored {} is damaged ({}): nothing is done with it. Restore the database from a copy of the state directory, or rebuild "
                        "the server from the vault with: gamekeeper recover",
                        what, why)};
}

inline Result<Success, StoreError> check_digest(std::string_view what, std::string_view stored, std::string_view computed) {
    if (stored != computed) return std::unexpected(corrupt_row(what, "its digest does not match"));
    return Success{};
}

inline Result<Value, StoreError> parse_document(std::string_view what, std::string_view text) {
    const net::JsonLimits limits{.depth = 64, .size = 64u << 20};
    auto value = net::parse_json(text, limits);
    if (!value) return std::unexpected(corrupt_row(what, value.error().message));
    return std::move(*value);
}

// For types with a decode() of their own.
template <class T>
Result<T, StoreError> read_document(std::string_view what, std::string_view text) {
    TRY(value, parse_document(what, text));
    Errors errors;
    T out{};
    if (!decode(value, "", errors, out)) {
        const auto& first = errors.list().front();
        return std::unexpected(corrupt_row(what, fmt::format("{}: {}", first.pointer, first.detail)));
    }
    return out;
}

}  // namespace gk::sqlite
