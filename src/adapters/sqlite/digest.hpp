#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gk::sqlite {

// The SHA-256 that every row which decides over starts, stops, backups and access carries (reliability: R6). Covers the table's name and each
// column with its length, so that neither a flipped byte nor a value moved to another row or column stays unseen.
class RowDigest {
public:
    explicit RowDigest(std::string_view table) { add(table); }
    RowDigest& add(std::string_view column);
    RowDigest& add(std::int64_t column) { return add(std::to_string(column)); }
    // Lower-case hex.
    std::string hex() const;

private:
    std::string covered_;
};

}  // namespace gk::sqlite
