#include <unordered_set>
#include <utility>

#include "app/match/matchmaker.hpp"
#include "base/log.hpp"
#include "domain/match/step.hpp"

// Matches without a server, and servers whose match is over: none of them should be, and nobody but the one who makes the matches looks for them.
namespace gk::app {
namespace {

constexpr Milliseconds between_audits = std::chrono::minutes(5);

}  // namespace

Task<std::optional<MatchAudit>> Matchmaker::audit() {
    if (tasks_ == nullptr) co_return std::nullopt;
    auto work = compare();
    auto done = co_await async::run_in(*tasks_, "match audit on demand", std::move(work));
    co_return done.value_or(std::nullopt);
}

Task<void> Matchmaker::keep_auditing() {
    while (!shift_->is_over()) {
        co_await ports_.clock.sleep(between_audits);
        co_await compare();
    }
}

// A match is stored before a server is begun or taken for it, and its server is known before it is stored as assigned. So a server is only compared
// with what is read of its match afterwards, and a match only with the servers that are there after it was read.
Task<std::optional<MatchAudit>> Matchmaker::compare() {
    auto held = ports_.servers.held();
    if (!held) co_return std::nullopt;
    const auto live = co_await live_matches();
    if (!live) co_return std::nullopt;
    MatchAudit found;
    found.servers = co_await release_idle(std::move(*held), *live);
    found.matches = co_await end_lost(*live);
    co_return found;
}

Task<std::size_t> Matchmaker::release_idle(std::vector<MatchServers::Held> held, const std::vector<match::Match>& live) {
    std::unordered_set<MatchId> plays;
    for (const auto& match : live) plays.insert(match.id);
    std::size_t released = 0;
    for (const auto& [match, is_ending] : held) {
        if (is_ending || plays.contains(match)) continue;
        log::warning("match", "ends a server whose match is over", {{"match", match}});
        co_await ports_.servers.release(match);
        ++released;
    }
    co_return released;
}

Task<std::size_t> Matchmaker::end_lost(const std::vector<match::Match>& live) {
    const auto held = ports_.servers.held();
    if (!held) co_return 0;
    std::unordered_set<MatchId> served;
    for (const auto& one : *held) served.insert(one.match);
    std::size_t ended = 0;
    for (const auto& match : live) {
        if (match.state != match::MatchState::assigned || served.contains(match.id)) continue;
        log::warning("match", "ends a match that has no server", {{"match", match.id}});
        co_await placement_->end(match.id, "lost");
        ++ended;
    }
    co_return ended;
}

}  // namespace gk::app
