#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/redis/client.hpp"
#include "async/signal.hpp"
#include "ports/match_store.hpp"
#include "ports/random.hpp"

namespace gk::redis {

// Shows other programs in Redis who waits and what is played, under the names of the second original:
//     matchmaking_queue               list of players who wait, the first in front (of another queue: matchmaking_queue:<queue>)
//     matchmaking:queued_at:<player>  seconds since 1970, until the ticket expires
//     active_sessions                 set of matches with a server
//     session:<match>:pod, :host, :port   for five minutes, again and again while the match lives
// and tells every event on the channel match_events. Nothing is ever read back. It follows the MatchStore's events at its own pace, and fills Redis
// anew after each time that Redis was away; nobody waits for it, and nothing is kept for a Redis that is slow.
class MatchIndex {
public:
    struct Options {
        ClientOptions client;
        std::string prefix;  // Of every key and of the channel.
        std::string queue;   // Whose list has the original's name.
    };
    // All of them outlive it.
    MatchIndex(boost::asio::any_io_executor loop, Clock& clock, Random& random, MatchStore& store, Options options);

    // Until it is cancelled. One process at a time: the one that makes the matches.
    Task<void> run();

private:
    template <class T>
    using Answer = Task<Result<T, std::string>>;
    struct Session {
        std::string pod;
        std::string host;
        std::string port;
    };
    // What has happened to tickets and matches since the last look.
    struct News {
        std::set<TicketId> joined;
        std::set<TicketId> put_back;
        std::set<TicketId> touched;
        std::set<MatchId> matches;
    };

    Answer<Success> fill_and_follow();
    Answer<Success> fill();
    Answer<Success> fill_queues();
    Answer<Success> fill_sessions();
    Answer<Success> follow(std::uint64_t after);
    Answer<std::size_t> take_in(std::uint64_t& after);
    Answer<Success> show_tickets(const News& news, Commands& commands);
    Answer<Success> show_matches(const News& news, Commands& commands);
    Answer<Success> renew_some();
    Answer<Success> send(Commands commands);
    Milliseconds pause();

    std::string key(std::string_view name) const;
    std::string list_of(const std::string& queue) const;
    void show_session(MatchId id, const Session& session, Commands& commands) const;
    void add_waiting(const match::Ticket& ticket, Commands& commands) const;

    Clock& clock_;
    Random& random_;
    MatchStore& store_;
    Options options_;
    Client client_;
    async::Signal news_;
    std::map<MatchId, Session> sessions_;  // Those that are shown.
    std::set<std::string> queues_;         // Whose lists are.
    Time renew_at_{};
    std::uint32_t failures_ = 0;           // In a row.
};

}  // namespace gk::redis
