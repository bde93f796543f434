#include "domain/match/pool/lines.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <tuple>
#include <utility>

#include "base/assert.hpp"

namespace gk::match {
namespace {

constexpr std::uint32_t chunks_back_most = 4;

constexpr std::uint64_t bit(std::uint32_t at) { return std::uint64_t{1} << at; }
constexpr std::uint64_t bits_below(std::uint32_t at) { return at >= 64 ? ~std::uint64_t{0} : bit(at) - 1; }

}  // namespace

Lines::Line Lines::open() {
    heads_.emplace_back();
    return static_cast<Line>(heads_.size() - 1);
}

std::uint32_t Lines::take_chunk(Line line) {
    std::uint32_t taken = 0;
    if (free_.empty()) {
        taken = static_cast<std::uint32_t>(chunks_.size());
        chunks_.emplace_back();
    } else {
        taken = free_.back();
        free_.pop_back();
    }
    auto& chunk = chunks_[taken];
    chunk.kept = chunk.seen = chunk.settled = 0;
    chunk.size = 0;
    chunk.line = line;
    chunk.previous = chunk.next = nowhere;
    return taken;
}

void Lines::put(Line line, std::int64_t key, std::uint32_t place) {
    auto& head = heads_[line];
    if (head.emptied != 0) purge(head);
    const auto is_after = [](const Bound& a, const Bound& b) { return std::tie(a.key, a.turn) < std::tie(b.key, b.turn); };
    const Bound own{.key = key, .turn = table_[place].turn};
    auto after = static_cast<std::size_t>(std::ranges::upper_bound(head.bounds, own, is_after) - head.bounds.begin());
    if (head.bounds.empty()) {
        head.first = take_chunk(line);
        head.bounds.push_back({.key = key, .turn = own.turn, .chunk = head.first});
    }
    auto bound = after == 0 ? 0 : after - 1;

    pack(chunks_[head.bounds[bound].chunk]);
    if (chunks_[head.bounds[bound].chunk].size == room) {
        split(head, bound);
        if (!is_after(own, head.bounds[bound + 1])) ++bound;
    }
    auto& chunk = chunks_[head.bounds[bound].chunk];
    if (is_after(own, head.bounds[bound])) {
        head.bounds[bound].key = own.key;
        head.bounds[bound].turn = own.turn;
    }
    insert(chunk, index_for(chunk, key, place), key, place);
    table_.rest(place).line = line;
    table_[place].chunk = head.bounds[bound].chunk;
}

// Forgets the chunks that nobody is left in.
void Lines::purge(Head& head) {
    std::erase_if(head.bounds, [&](const Bound& bound) {
        const bool is_empty = chunks_[bound.chunk].kept == 0;
        if (is_empty) free_.push_back(bound.chunk);
        return is_empty;
    });
    head.emptied = 0;
}

// Closes the gaps that others left.
void Lines::pack(Chunk& chunk) {
    if (chunk.kept == bits_below(chunk.size)) return;
    std::uint64_t seen = 0;
    std::uint64_t settled = 0;
    std::uint32_t to = 0;
    for (auto rest = chunk.kept; rest != 0; rest &= rest - 1, ++to) {
        const auto at = static_cast<std::uint32_t>(std::countr_zero(rest));
        chunk.keys[to] = chunk.keys[at];
        chunk.places[to] = chunk.places[at];
        if ((chunk.seen & bit(at)) != 0) seen |= bit(to);
        if ((chunk.settled & bit(at)) != 0) settled |= bit(to);
    }
    chunk.size = to;
    chunk.kept = bits_below(to);
    chunk.seen = seen;
    chunk.settled = settled;
}

// Half of a full chunk goes into a new one behind it; of the last one only its last, since who comes mostly comes at the end.
void Lines::split(Head& head, std::size_t bound) {
    const auto old = head.bounds[bound].chunk;
    const auto fresh = take_chunk(chunks_[old].line);
    auto& from = chunks_[old];
    auto& to = chunks_[fresh];
    const auto half = bound + 1 == head.bounds.size() ? room - 1 : room / 2;
    to.size = room - half;
    std::copy(from.keys.begin() + half, from.keys.end(), to.keys.begin());
    std::copy(from.places.begin() + half, from.places.end(), to.places.begin());
    to.kept = from.kept >> half;
    to.seen = from.seen >> half;
    to.settled = from.settled >> half;
    from.size = half;
    from.kept &= bits_below(half);
    from.seen &= bits_below(half);
    from.settled &= bits_below(half);
    to.previous = old;
    to.next = from.next;
    if (to.next != nowhere) chunks_[to.next].previous = fresh;
    from.next = fresh;
    for (std::uint32_t i = 0; i < to.size; ++i) table_[to.places[i]].chunk = fresh;
    const Bound second{.key = to.keys[0], .turn = table_[to.places[0]].turn, .chunk = fresh};
    head.bounds.insert(head.bounds.begin() + static_cast<std::ptrdiff_t>(bound) + 1, second);
}

std::uint32_t Lines::index_for(const Chunk& chunk, std::int64_t key, std::uint32_t place) const {
    auto index = static_cast<std::uint32_t>(std::upper_bound(chunk.keys.begin(), chunk.keys.begin() + chunk.size, key) - chunk.keys.begin());
    while (index > 0 && chunk.keys[index - 1] == key && table_.is_before(place, chunk.places[index - 1])) --index;
    return index;
}

void Lines::insert(Chunk& chunk, std::uint32_t index, std::int64_t key, std::uint32_t place) {
    std::copy_backward(chunk.keys.begin() + index, chunk.keys.begin() + chunk.size, chunk.keys.begin() + chunk.size + 1);
    std::copy_backward(chunk.places.begin() + index, chunk.places.begin() + chunk.size, chunk.places.begin() + chunk.size + 1);
    chunk.keys[index] = key;
    chunk.places[index] = place;
    const auto low = bits_below(index);
    const auto opened = [low](std::uint64_t bits) { return (bits & low) | (bits & ~low) << 1; };
    chunk.kept = opened(chunk.kept) | bit(index);
    chunk.seen = opened(chunk.seen) | bit(index);
    chunk.settled = opened(chunk.settled);
    ++chunk.size;
}

std::uint32_t Lines::bit_of(const Chunk& chunk, std::uint32_t place) const {
    // All places are compared, so that this takes no branches; one that has left may have left its number behind.
    std::uint64_t same = 0;
    for (std::uint32_t i = 0; i < room; ++i) same |= std::uint64_t{chunk.places[i] == place} << i;
    same &= chunk.kept;
    ASSERT(same != 0, "a ticket stands in the chunk that its row names");
    return static_cast<std::uint32_t>(std::countr_zero(same));
}

Lines::Spot Lines::find(std::uint32_t place) const {
    const auto chunk = table_[place].chunk;
    return {.chunk = chunk, .at = bit_of(chunks_[chunk], place)};
}

void Lines::remove(std::uint32_t place) {
    auto& chunk = chunks_[table_[place].chunk];
    const auto own = bit(bit_of(chunk, place));
    if ((chunk.settled & own) != 0) --heads_[chunk.line].settled;
    chunk.kept &= ~own;
    chunk.seen &= ~own;
    chunk.settled &= ~own;
    table_[place].chunk = nowhere;
    if (chunk.kept == 0) unlink(chunk);
}

void Lines::unlink(Chunk& chunk) {
    auto& before = chunk.previous != nowhere ? chunks_[chunk.previous].next : heads_[chunk.line].first;
    before = chunk.next;
    if (chunk.next != nowhere) chunks_[chunk.next].previous = chunk.previous;
    ++heads_[chunk.line].emptied;
}

void Lines::hide(std::uint32_t place) {
    auto& chunk = chunks_[table_[place].chunk];
    chunk.seen &= ~bit(bit_of(chunk, place));
}

void Lines::show(std::uint32_t place) {
    auto& chunk = chunks_[table_[place].chunk];
    chunk.seen |= bit(bit_of(chunk, place));
}

// The first in sight in this chunk or behind it.
std::optional<Lines::Spot> Lines::first_in(std::uint32_t chunk) const {
    while (chunk != nowhere && chunks_[chunk].seen == 0) chunk = chunks_[chunk].next;
    if (chunk == nowhere) return std::nullopt;
    return Spot{.chunk = chunk, .at = static_cast<std::uint32_t>(std::countr_zero(chunks_[chunk].seen))};
}

std::optional<Lines::Spot> Lines::first_at_least(Line line, std::int64_t key) const {
    const auto& bounds = heads_[line].bounds;
    if (bounds.empty()) return std::nullopt;
    const auto found = std::ranges::lower_bound(bounds, key, {}, &Bound::key);
    auto spot = first_in(found == bounds.begin() ? found->chunk : std::prev(found)->chunk);
    while (spot && this->key(*spot) < key) spot = next(*spot);
    return spot;
}

// Mostly they are few and stand in this chunk or those right before it: then going back is quicker than searching the whole line.
Lines::Spot Lines::first_of_equals(Spot spot) const {
    const auto wanted = key(spot);
    auto at = spot.chunk;
    for (std::uint32_t chunks = 0; chunks < chunks_back_most; ++chunks) {
        const auto& chunk = chunks_[at];
        auto first = at == spot.chunk ? spot.at : chunk.size;
        while (first > 0 && chunk.keys[first - 1] == wanted) --first;
        const auto seen = chunk.seen & ~bits_below(first);
        if (seen != 0) spot = {.chunk = at, .at = static_cast<std::uint32_t>(std::countr_zero(seen))};
        at = chunk.previous;
        if (first > 0 || at == nowhere || chunks_[at].keys[chunks_[at].size - 1] != wanted) return spot;
    }
    return *first_at_least(chunks_[spot.chunk].line, wanted);
}

std::optional<Lines::Spot> Lines::next(Spot spot) const {
    auto rest = chunks_[spot.chunk].seen & ~bits_below(spot.at + 1);
    while (rest == 0) {
        spot.chunk = chunks_[spot.chunk].next;
        if (spot.chunk == nowhere) return std::nullopt;
        rest = chunks_[spot.chunk].seen;
    }
    spot.at = static_cast<std::uint32_t>(std::countr_zero(rest));
    return spot;
}

std::optional<Lines::Spot> Lines::previous(Spot spot) const {
    auto rest = chunks_[spot.chunk].seen & bits_below(spot.at);
    while (rest == 0) {
        spot.chunk = chunks_[spot.chunk].previous;
        if (spot.chunk == nowhere) return std::nullopt;
        rest = chunks_[spot.chunk].seen;
    }
    spot.at = 63 - static_cast<std::uint32_t>(std::countl_zero(rest));
    return spot;
}

void Lines::prefetch(std::uint32_t place) const { prefetch_chunk(table_[place].chunk); }

void Lines::prefetch_beside(std::uint32_t place, std::uint32_t reach) const {
    const auto own = find(place);
    const auto& chunk = chunks_[own.chunk];
    const auto count = [&](std::uint64_t bits) { return static_cast<std::uint32_t>(std::popcount(chunk.seen & bits)); };
    if (chunk.next != nowhere && count(~bits_below(own.at + 1)) < reach) prefetch_chunk(chunk.next);
    if (chunk.previous != nowhere && count(bits_below(own.at)) < reach) prefetch_chunk(chunk.previous);
}

// All but the keys.
void Lines::prefetch_chunk(std::uint32_t chunk) const {
    constexpr std::size_t line = 64;
    const auto* bytes = reinterpret_cast<const char*>(&chunks_[chunk]);
    for (std::size_t at = 0; at < offsetof(Chunk, keys); at += line) __builtin_prefetch(bytes + at);
}

void Lines::prefetch_neighbours(std::uint32_t place, std::uint32_t reach) const {
    const auto own = find(place);
    const auto prefetch = [&](Spot spot) {
        table_.prefetch(this->place(spot));
        __builtin_prefetch(&chunks_[spot.chunk].keys[spot.at]);
    };
    __builtin_prefetch(&chunks_[own.chunk].keys[own.at]);
    auto spot = next(own);
    for (std::uint32_t i = 0; i < reach && spot; ++i, spot = next(*spot)) prefetch(*spot);
    spot = previous(own);
    for (std::uint32_t i = 0; i < reach && spot; ++i, spot = previous(*spot)) prefetch(*spot);
}

void Lines::settle(std::uint32_t place) {
    auto& chunk = chunks_[table_[place].chunk];
    const auto own = bit(bit_of(chunk, place));
    if ((chunk.settled & own) == 0) ++heads_[chunk.line].settled;
    chunk.settled |= own;
}

void Lines::unsettle(std::uint32_t place) {
    auto& chunk = chunks_[table_[place].chunk];
    const auto own = bit(bit_of(chunk, place));
    if ((chunk.settled & own) != 0) --heads_[chunk.line].settled;
    chunk.settled &= ~own;
}

void Lines::wake(Line line, std::int64_t least, std::int64_t most, std::vector<std::uint32_t>& out) {
    const auto start = first_at_least(line, least);
    for (auto at = start ? start->chunk : nowhere; at != nowhere && heads_[line].settled != 0; at = chunks_[at].next) {
        auto& chunk = chunks_[at];
        for (auto rest = chunk.settled & chunk.seen; rest != 0; rest &= rest - 1) {
            const auto i = static_cast<std::uint32_t>(std::countr_zero(rest));
            if (chunk.keys[i] < least) continue;
            if (chunk.keys[i] > most) return;
            chunk.settled &= ~bit(i);
            --heads_[line].settled;
            out.push_back(chunk.places[i]);
        }
        if (chunk.keys[chunk.size - 1] > most) return;
    }
}

std::size_t Lines::bytes() const {
    std::size_t bytes = chunks_.capacity() * sizeof(Chunk);
    for (const auto& head : heads_) bytes += head.bounds.capacity() * sizeof(Bound);
    return bytes;
}

}  // namespace gk::match
