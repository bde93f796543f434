#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "domain/match/pool/table.hpp"

namespace gk::match {

// Waiting tickets in lines, each in the order of a key and, among equal keys, of their turn. A line is a row of chunks of at most 64 tickets, so that
// whoever comes or goes moves a chunk at most; bits say who of a chunk is there, so that a pass takes tickets out without moving anything.
class Lines {
public:
    using Line = std::uint32_t;
    // Where a ticket stands. Valid until something is put into the line.
    struct Spot {
        std::uint32_t chunk = nowhere;
        std::uint32_t at = 0;
        bool operator==(const Spot&) const = default;
    };

    explicit Lines(Table& table) : table_(table) {}

    Line open();
    void put(Line line, std::int64_t key, std::uint32_t place);
    void remove(std::uint32_t place);
    // Out of sight until show(): it keeps its spot.
    void hide(std::uint32_t place);
    void show(std::uint32_t place);

    Spot find(std::uint32_t place) const;
    std::optional<Spot> first(Line line) const { return first_in(heads_[line].first); }
    // The first whose key is not less.
    std::optional<Spot> first_at_least(Line line, std::int64_t key) const;
    // The first in sight with the same key.
    Spot first_of_equals(Spot spot) const;
    std::optional<Spot> next(Spot spot) const;
    std::optional<Spot> previous(Spot spot) const;
    std::int64_t key(Spot spot) const { return chunks_[spot.chunk].keys[spot.at]; }
    std::uint32_t place(Spot spot) const { return chunks_[spot.chunk].places[spot.at]; }

    // Says what is about to be looked at: a ticket's chunk; then those beside it; then the rows of so many tickets to either side.
    void prefetch(std::uint32_t place) const;
    void prefetch_beside(std::uint32_t place, std::uint32_t reach) const;
    void prefetch_neighbours(std::uint32_t place, std::uint32_t reach) const;

    // Marks of who was looked at in vain: nobody needs to look again until somebody comes.
    void settle(std::uint32_t place);
    void unsettle(std::uint32_t place);
    std::uint32_t settled(Line line) const { return heads_[line].settled; }
    // Takes the marks from all in sight whose keys lie between these, and appends them to `out`.
    void wake(Line line, std::int64_t least, std::int64_t most, std::vector<std::uint32_t>& out);

    std::size_t bytes() const;

private:
    static constexpr std::uint32_t room = 64;
    // What finds a ticket stands in front, so that it lies together.
    struct alignas(64) Chunk {
        std::uint64_t kept = 0;  // Who has not left.
        std::uint64_t seen = 0;  // Of them, who is not hidden.
        std::uint64_t settled = 0;  // Of them, who is marked.
        std::uint32_t size = 0;
        Line line = 0;
        std::uint32_t previous = nowhere;  // Chunks that have somebody. An emptied one still leads to those behind it.
        std::uint32_t next = nowhere;
        std::array<std::uint32_t, room> places;
        std::array<std::int64_t, room> keys;
    };
    // What stands in a chunk does not come before this.
    struct Bound {
        std::int64_t key = 0;
        std::int64_t turn = 0;
        std::uint32_t chunk = nowhere;
    };
    struct Head {
        std::vector<Bound> bounds;
        std::uint32_t first = nowhere;  // The first chunk that has somebody.
        std::uint32_t emptied = 0;  // Chunks among them that nobody is left in.
        std::uint32_t settled = 0;
    };

    void prefetch_chunk(std::uint32_t chunk) const;
    std::optional<Spot> first_in(std::uint32_t chunk) const;
    std::uint32_t take_chunk(Line line);
    void purge(Head& head);
    void pack(Chunk& chunk);
    void split(Head& head, std::size_t bound);
    void insert(Chunk& chunk, std::uint32_t index, std::int64_t key, std::uint32_t place);
    std::uint32_t index_for(const Chunk& chunk, std::int64_t key, std::uint32_t place) const;
    std::uint32_t bit_of(const Chunk& chunk, std::uint32_t place) const;
    void unlink(Chunk& chunk);

    Table& table_;
    std::vector<Chunk> chunks_;
    std::vector<std::uint32_t> free_;
    std::vector<Head> heads_;
};

}  // namespace gk::match
