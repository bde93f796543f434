#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "app/match/match_servers.hpp"
#include "app/match/shift.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "ports/clock.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

struct PlacementLimits {
    Milliseconds server_limit = std::chrono::seconds(45);  // Until a match's server is ready.
    std::uint32_t servers_tried = 2;                       // Before its players wait again.
};

// Brings committed matches to their servers: acceptance where the queue asks for it, then a server, then the players are told. A match whose server
// cannot be had fails, and its players wait again with the time of their first join. One task for each match, which may end at any point: resumed
// by another process, it goes on where the stored match stands.
class Placement {
public:
    // Told for each match of a queue whether a server was found for it.
    using Found = std::function<void(const std::string& queue, bool is_found)>;
    Placement(MatchStore& store, MatchServers& servers, Clock& clock, Shift& shift, PlacementLimits limits, Found found)
        : store_(store),
          servers_(servers),
          clock_(clock),
          shift_(shift),
          limits_(limits),
          found_(std::move(found)) {}

    void begin(async::TaskGroup& tasks, match::Match match, QueueRecord queue);
    // Something was said about this match: an answer, perhaps.
    void wake(MatchId match);
    // Its server has ended: so has the match, if it was assigned.
    Task<void> end(MatchId id, std::string reason);
    // It is over in the store, by whomever.
    void note_over(async::TaskGroup& tasks, MatchId match);

    std::size_t under_way() const { return under_way_.size(); }

private:
    Task<void> run(match::Match match, QueueRecord queue);
    Task<bool> bring(match::Match& match, const QueueRecord& queue);
    Task<bool> ask_players(match::Match& match, Milliseconds acceptance);
    Task<bool> find_server(match::Match& match, const QueueRecord& queue);
    Task<bool> reread(match::Match& match);
    Task<bool> advance(match::Match& match, std::vector<TicketId> put_back);
    Task<void> fail(match::Match match, std::string reason, std::vector<TicketId> put_back);

    MatchStore& store_;
    MatchServers& servers_;
    Clock& clock_;
    Shift& shift_;
    PlacementLimits limits_;
    Found found_;
    struct UnderWay {
        async::Signal changed;
        std::string server_ended;  // Why the server that was last begun for it has ended.
    };
    std::unordered_map<MatchId, UnderWay*> under_way_;
};

}  // namespace gk::app
