#include "app/fleet/fleets.hpp"
#include "app/fleet/fleets_entry.hpp"
#include "base/log.hpp"
#include "domain/fleet/server_uid.hpp"

namespace gk::app {

Task<std::optional<std::size_t>> Fleets::remove_strays() {
    if (!has_begun_) co_return std::nullopt;
    auto work = sweep();
    co_return co_await async::run_in(*tasks_, "strays", std::move(work));
}

// Of our own matches: what somebody else's are, only he knows.
std::optional<std::vector<MatchServers::Held>> Fleets::held() const {
    if (!has_begun_) return std::nullopt;
    std::vector<Held> held;
    for (const auto& [match, uid] : by_match_) {
        const auto& entry = *entries_.at(uid);
        if (!entry.server.is_foreign) held.push_back({.match = match, .is_ending = !entry.ending.empty()});
    }
    return held;
}

// Begun by one that stored nothing of it any more.
Task<std::size_t> Fleets::sweep() {
    std::size_t removed = 0;
    const auto there = co_await ports_.runtime.list();
    if (!there) co_return removed;
    for (const auto uid : *there) {
        if (!fleet::is_match_server(uid) || entries_.contains(uid)) continue;
        // Whoever has been replaced does not know those of its successor.
        auto call = [this, uid] { return ports_.store.remove(uid, shift_->epoch()); };
        const auto is_ours = co_await shift_->ask<Success>(std::move(call));
        if (!is_ours) co_return removed;
        log::warning("fleet", "removes a match server that nobody knows", {{"server", uid}});
        const auto done = co_await ports_.starter.remove(uid, shift_->epoch());
        if (done) ++removed;
        else log::warning("fleet", "it could not be removed", {{"server", uid}, {"detail", done.error().message}});
    }
    co_return removed;
}

}  // namespace gk::app
