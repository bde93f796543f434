#include "adapters/sqlite/digest.hpp"

#include "tls/digest.hpp"

namespace gk::sqlite {

RowDigest& RowDigest::add(std::string_view column) {
    covered_ += std::to_string(column.size());
    covered_ += ':';
    covered_ += column;
    return *this;
}

std::string RowDigest::hex() const { return tls::hex(tls::sha256(as_byte_span(covered_))); }

}  // namespace gk::sqlite
