#include "domain/match/pool/table.hpp"

namespace gk::match {

void Table::grow() {
    rows_.emplace_back();
    rests_.emplace_back();
    for (auto& column : near) column.emplace_back();
    for (auto& column : latency) column.push_back(not_measured);
}

std::size_t Table::bytes() const {
    const auto of = [](const auto& column) { return column.capacity() * sizeof(column[0]); };
    std::size_t bytes = of(rows_) + of(rests_) + of(mores);
    for (const auto& column : near) bytes += of(column);
    for (const auto& column : latency) bytes += of(column);
    for (const auto& one : mores) bytes += of(one.others) + of(one.blocked);
    return bytes;
}

}  // namespace gk::match
