#include "domain/wake/reply_merge.hpp"

#include <algorithm>
#include <utility>

namespace gk::wake {
namespace {

constexpr MergeLimits limits;

// Whether it was there; then it is not any more.
template <class Entry>
bool take(std::deque<Entry>& entries, std::uint64_t hash) {
    const auto found = std::ranges::find(entries, hash, &Entry::hash);
    if (found == entries.end()) return false;
    entries.erase(found);
    return true;
}

template <class Entry>
void forget_old(std::deque<Entry>& entries, Instant now) {
    while (!entries.empty() && now - entries.front().at > limits.matched_within) entries.pop_front();
}

void keep(std::deque<ReplyMerge::Reply>& kept, ReplyMerge::Reply reply) {
    kept.push_back(std::move(reply));
    std::size_t bytes = 0;
    for (const auto& one : kept) bytes += one.datagram.size();
    while (kept.size() > limits.kept_max || bytes > limits.kept_bytes_max) {
        bytes -= kept.front().datagram.size();
        kept.pop_front();
    }
}

}  // namespace

bool ReplyMerge::hears(std::size_t leg, std::uint64_t hash, ByteSpan datagram, Instant now) {
    auto& from = state_.legs[leg];
    forget_old(from.expected, now);
    forget_old(from.kept, now);
    if (leg == 0) state_.last_heard = now;
    if (take(from.expected, hash)) return false;
    if (leg != 0) {
        keep(from.kept, {.hash = hash, .at = now, .datagram = {datagram.begin(), datagram.end()}});
        return false;
    }
    heard_by_player(hash, now);
    return true;
}

// The others have said it before, or are still to say it.
void ReplyMerge::heard_by_player(std::uint64_t hash, Instant now) {
    for (std::size_t i = 1; i < state_.legs.size(); ++i) {
        auto& leg = state_.legs[i];
        if (take(leg.kept, hash)) continue;
        leg.expected.push_back({.hash = hash, .at = now});
        if (leg.expected.size() > limits.expected_max) leg.expected.pop_front();
    }
}

std::vector<std::vector<std::byte>> ReplyMerge::lose_primary(Instant now) {
    lose(0);
    state_.last_heard = now;
    std::vector<std::vector<std::byte>> missed;
    for (auto& reply : std::exchange(state_.legs.front().kept, {})) {
        if (now - reply.at > limits.matched_within) continue;
        heard_by_player(reply.hash, now);
        missed.push_back(std::move(reply.datagram));
    }
    return missed;
}

bool ReplyMerge::is_primary_silent(Instant now) const {
    return std::ranges::any_of(state_.legs, [&](const Leg& leg) {
        if (leg.kept.empty()) return false;
        const auto said = leg.kept.back().at;
        return said - state_.last_heard >= limits.silence && now - said <= limits.matched_within;
    });
}

}  // namespace gk::wake
