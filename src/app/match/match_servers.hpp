#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/match/match.hpp"
#include "ports/match_store.hpp"
#include "ports/task.hpp"

namespace gk::app {

class Shift;

// Where matches get their servers: started ahead by a fleet, or one for each match. Everything is said by the match's id and may be said again.
class MatchServers {
public:
    virtual ~MatchServers() = default;

    struct Refusal {
        std::string code;    // Stable word: "exhausted", "start_failed", "start_timeout", "unknown_game", "not_allowed", "no_room".
        std::string detail;  // A sentence with cause and cure.
    };
    template <class T>
    using Answer = Task<Result<T, Refusal>>;

    // What it does by itself, under this shift's epoch, until the shift is over or the task is cancelled.
    virtual Task<void> work(Shift& shift) = 0;
    // A server that is ready and now this match's, or nothing when none waits. The server it has already, when it has one.
    virtual Answer<std::optional<match::MatchServer>> take(match::Match match, QueueRecord queue) = 0;
    // The same, but starts one and waits until it is ready. What was begun is ended when that does not come about by `until`.
    virtual Answer<match::MatchServer> start(match::Match match, QueueRecord queue, Time until) = 0;
    // Others have come into a match that runs: its server hears who plays there now.
    virtual Task<void> admit(match::Match) { co_return; }
    // The match is over: its server is told to stop, unless it has ended by itself.
    virtual Task<void> release(MatchId match) = 0;
    // At a start: these matches live; servers of all others are let go, and those of these that are gone count as ended.
    virtual Task<void> adopt(std::vector<match::Match> live) = 0;

    // The matches that have a server here, some of whose are ending. Nothing as long as that is not known.
    struct Held {
        MatchId match;
        bool is_ending = false;
    };
    virtual std::optional<std::vector<Held>> held() const = 0;

    // Calls `ended` on the loop's thread when a match's server has ended by itself or is lost, until the handle is dropped.
    using Ended = std::function<void(MatchId match, std::string reason)>;
    virtual std::shared_ptr<void> watch(Ended ended) = 0;
};

}  // namespace gk::app
