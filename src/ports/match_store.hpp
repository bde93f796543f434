#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/value.hpp"
#include "domain/match/match.hpp"
#include "domain/match/ticket.hpp"
#include "domain/rating/standing.hpp"
#include "ports/ledger.hpp"
#include "ports/task.hpp"

namespace gk {

// How a queue rates its players by the results of their matches.
struct QueueRating {
    rating::Model model = rating::Model::weng_lin;
    std::string attribute;  // Under which its rules find a player's rating; empty: nowhere.
};

// A queue as people configure it: contract section 11.
struct QueueRecord {
    std::string name;  // [a-z0-9-]{1,63}
    std::string game;
    std::string fleet;         // Empty: a server is started for each match.
    Value rules;               // The document, as it was given.
    std::optional<Value> shadow;  // Rules that decide beside it, without effect.
    Milliseconds ticket_ttl = std::chrono::seconds(300);
    Milliseconds silence = std::chrono::seconds(60);
    Milliseconds acceptance{};  // How long players may take to accept a match; zero: they are not asked.
    bool join_tokens = false;   // Servers of its matches ask players for the token that their ticket shows.
    QueueRating rating{};
    std::uint64_t generation = 1;  // Grows with each change.
};

// What happened to a ticket, as told to its players. Numbers grow; a reader who names the last one it saw misses nothing that is kept.
struct MatchEvent {
    std::uint64_t number = 0;
    Time at{};
    TicketId ticket;
    std::vector<std::string> players;
    std::optional<MatchId> match;
    std::string what;    // The words of match::TicketStep, and "queued", "changed", "cancelled", "expired".
    std::string detail;  // Why; of "assigned" the server as "host:port"; of "left" the player.
};

struct PlayerRating {
    std::string player;
    std::string queue;
    rating::Model model = rating::Model::weng_lin;
    rating::Standing standing;
    std::uint32_t matches = 0;  // That have made it.
};

// Keeps queues, tickets, matches, their events, ratings. When a call returns success, the change is on disk; many calls at once share a
// transaction. Writes of a matchmaker name its epoch: after next_epoch() of a newer one they change nothing and answer `fenced`.
// After `unavailable`, whose effect is unknown, the same call may be made again: it answers what the first one would have, and nothing happens
// twice. Ids of players are UTF-8 without zero bytes; the caller has checked them.
class MatchStore {
public:
    virtual ~MatchStore() = default;
    template <class T>
    using Answer = Task<Result<T, StoreError>>;

    virtual Answer<Success> put(QueueRecord queue) = 0;
    virtual Answer<Success> remove_queue(std::string name) = 0;
    virtual Answer<std::vector<QueueRecord>> queues() = 0;

    // A ticket for players of whom none waits or plays. Otherwise nothing is changed, and what is there comes back: the same players' ticket when
    // they joined before (a repeated join), else the ticket of the first player who is taken. `created` also for a ticket that is there already.
    struct Joined {
        enum class Outcome : std::uint8_t { created, same, taken };
        Outcome outcome = Outcome::created;
        match::Ticket ticket;
    };
    virtual Answer<Joined> join(match::Ticket ticket) = 0;

    // `cancelled` for a ticket that waited (or was cancelled before), `too_late` with its match when that was committed first, `over` otherwise.
    struct Left {
        enum class Outcome : std::uint8_t { cancelled, too_late, over };
        Outcome outcome = Outcome::cancelled;
        match::Ticket ticket;
    };
    virtual Answer<Left> cancel(TicketId ticket, Time now) = 0;
    // Replaces attributes and latencies of these players of a waiting ticket; `conflict` when it does not wait any more, or is not theirs.
    virtual Answer<match::Ticket> change(TicketId ticket, std::vector<match::Player> players, Time now) = 0;

    // All-or-nothing for each match: `by` is the newest epoch, all its tickets wait, none of its players has a live match. A refused match
    // changes nothing; its answer names the tickets that cannot be matched any more, which the engine forgets; the others go on waiting. A match
    // that is there and not over takes the members it does not have yet (backfill).
    struct Committed {
        bool is_committed = false;
        std::vector<TicketId> gone;
    };
    virtual Answer<std::vector<Committed>> commit(std::vector<match::Match> matches, Epoch by) = 0;
    // The next state of a match, as match::step() says what comes of it for its tickets: when it ends, they end with it; when it fails, those in
    // `put_back` wait again with the time of their first join, the others end as `failed`. `conflict` when the stored one may not become this.
    virtual Answer<Success> advance(match::Match match, std::vector<TicketId> put_back, Time now, WrittenBy by) = 0;
    // Those that still wait, and of them, when `unless_seen_since` is given, those that were not seen since; the others stay as they are. Returns
    // who of them is expired now.
    virtual Answer<std::vector<TicketId>> expire(std::vector<TicketId> tickets, std::string reason, std::optional<Time> unless_seen_since, Time now,
                                                 Epoch by) = 0;
    // Somebody asked for these tickets or listens for their events. Makes no event and wakes nobody.
    virtual Answer<Success> touch(std::vector<TicketId> tickets, Time now) = 0;

    virtual Answer<match::Ticket> ticket(TicketId id) = 0;
    // Those that are there, in any order.
    virtual Answer<std::vector<match::Ticket>> tickets(std::vector<TicketId> ids) = 0;
    // The newest ticket of a player, live or over.
    virtual Answer<match::Ticket> ticket_of(std::string tenant, std::string player) = 0;
    virtual Answer<match::Match> match(MatchId id) = 0;
    struct MatchFilter {
        std::string tenant = "default";  // Empty, for live ones of every player and queue: every tenant's.
        std::optional<std::string> player;
        std::optional<std::string> queue;
        bool live_only = false;
        std::size_t limit = 100;
        std::optional<MatchId> after;  // Newest first; goes on behind this one.
    };
    virtual Answer<std::vector<match::Match>> matches(MatchFilter filter) = 0;
    // Who waits, ordered by the time of joining and by id, in pages: for an engine that begins.
    virtual Answer<std::vector<match::Ticket>> waiting(std::optional<TicketId> after, std::size_t limit) = 0;

    // For a ticket, a player, or everybody (neither).
    struct EventFilter {
        std::optional<TicketId> ticket;
        std::string tenant = "default";  // Of the player.
        std::optional<std::string> player;
        std::uint64_t after = 0;
        std::size_t limit = 100;
    };
    virtual Answer<std::vector<MatchEvent>> events(EventFilter filter) = 0;
    virtual Answer<std::uint64_t> last_event() = 0;  // Its number; 0: there was none yet.

    virtual Answer<std::vector<PlayerRating>> ratings(std::string queue, std::vector<std::string> players) = 0;
    // Once for each match: false when its results were taken before, also by a call whose answer was lost. Each rating follows on what is stored by
    // one match; `conflict` when another match was rated since it was read.
    virtual Answer<bool> rate(MatchId match, std::vector<PlayerRating> ratings, WrittenBy by) = 0;

    // Removes tickets (with their events) and matches that were over before then, about `limit` of each at most; returns how many. Ratings stay.
    virtual Answer<std::size_t> prune(Time over_before, std::size_t limit) = 0;

    // Raises the stored epoch of matchmakers by one and returns it.
    virtual Answer<Epoch> next_epoch() = 0;

    // Called on the loop's thread after a change, by whomever (other replicas too): only wakes, the receiver reads events after the last it knows.
    virtual std::shared_ptr<void> watch(std::function<void()> changed) = 0;
    // The same for queues, which have no events. Null where no other process can change them.
    virtual std::shared_ptr<void> watch_queues(std::function<void()>) { return nullptr; }
};

}  // namespace gk
