#include "domain/match/pool/table.hpp"

namespace gk::match {

void Table::grow() {
    turn.emplace_back();
    number.emplace_back();
    player.emplace_back();
    sequence.emplace_back();
    generation.emplace_back();
    line.emplace_back();
    chunk.push_back(nowhere);
    more.push_back(nowhere);
    armed.push_back(nothing_armed);
    width.push_back(1);
    is_late.emplace_back();
    standing.push_back(Standing::free);
    for (auto& column : near) column.emplace_back();
    for (auto& column : latency) column.push_back(not_measured);
}

std::size_t Table::bytes() const {
    const auto of = [](const auto& column) { return column.capacity() * sizeof(column[0]); };
    std::size_t bytes = of(turn) + of(number) + of(player) + of(sequence) + of(generation) + of(line) + of(chunk) + of(more) + of(armed) + of(width) +
                        of(is_late) + of(standing) + of(mores);
    for (const auto& column : near) bytes += of(column);
    for (const auto& column : latency) bytes += of(column);
    for (const auto& one : mores) bytes += of(one.others) + of(one.blocked);
    return bytes;
}

}  // namespace gk::match
