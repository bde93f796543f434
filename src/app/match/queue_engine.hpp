#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/match/engine.hpp"
#include "domain/match/match.hpp"
#include "domain/match/ticket.hpp"
#include "ports/task.hpp"

namespace gk::app {

// Runs something on another thread than the loop's, one after another, and comes back with it done. In tests: at once, here.
using OffLoop = std::function<Task<void>(std::function<void()> work)>;

// Who waits in one queue: the engine with its tickets, behind an inbox, because the engine works beside the loop. One look() at a time; everything
// else may be called while one is under way and counts from the next one on.
class QueueEngine {
public:
    QueueEngine(std::vector<match::Stage> stages, match::Engine::Options options);

    // Waits from now on; the newest word about a ticket counts.
    void join(match::Ticket ticket);
    void leave(TicketId ticket);
    // A proposal was not committed: these wait again.
    void release(std::vector<TicketId> tickets);
    // A match that runs and takes others in, as it is now; until close(), or until others were found for it.
    struct Running {
        struct Seat {
            match::Player player;
            std::string team;
        };
        MatchId match;
        std::vector<Seat> seats;
        std::uint32_t open_slots = 0;
        Time since{};
    };
    void open(Running running);
    void close(MatchId match);
    // Decided by these rules from now on. Everybody has to join again, and every match to be opened: what they bring along is not kept here.
    void change_rules(std::vector<match::Stage> stages);

    struct Found {
        std::vector<match::Member> members;
        std::optional<MatchId> joins;  // A running match; none: they are a new one.
        std::string region;
        double quality = 0;
    };
    struct Unfit {
        TicketId ticket;
        std::string why;
    };
    struct Look {
        std::vector<Found> found;    // Their tickets are out of the search until they join again, leave or are released.
        std::vector<Unfit> unfit;    // That the rules cannot be asked about; not kept.
        std::optional<Time> next;    // When to look again although nobody came.
    };
    Task<Look> look(const OffLoop& off_loop, Time now);
    // Why a ticket still waits; nothing when it is not here.
    Task<std::optional<match::Explanation>> explain(const OffLoop& off_loop, TicketId ticket, Time now);

    bool has_news() const { return !inbox_.empty(); }
    // As of the last look.
    std::size_t waiting() const { return waiting_; }

private:
    struct Word {
        enum class Kind : std::uint8_t { join, leave, release, open, close, rules };
        Kind kind;
        TicketId ticket{};
        std::optional<match::Ticket> joining{};
        Running running{};
        std::vector<match::Stage> stages{};
    };
    struct Known {
        match::Handle handle;
        std::vector<std::string> players;
    };
    struct HandleHash {
        std::size_t operator()(match::Handle handle) const { return static_cast<std::size_t>(handle); }
    };

    void heed(std::vector<Word> words, Look& out);
    void heed(Word word, Look& out);
    void add(const match::Ticket& ticket, Look& out);
    void remove(TicketId ticket);
    void put(Running running);
    void search(Time now, Look& out);
    Found found(const match::Proposal& proposal) const;

    // Of the loop.
    std::vector<Word> inbox_;
    std::size_t waiting_ = 0;
    // Of whoever looks.
    match::Engine::Options options_;
    std::optional<match::Engine> engine_;
    std::unordered_map<TicketId, Known> known_;
    std::unordered_map<match::Handle, TicketId, HandleHash> handles_;
};

}  // namespace gk::app
