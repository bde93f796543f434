#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/idempotency.hpp"
#include "app/match/feed.hpp"
#include "app/match/match_keys.hpp"
#include "app/match/visitor.hpp"
#include "base/secret.hpp"
#include "domain/match/match.hpp"
#include "domain/match/ticket.hpp"
#include "ports/clock.hpp"
#include "ports/match_store.hpp"
#include "ports/random.hpp"

namespace gk::app {

struct JoinOrder {
    std::vector<match::Player> players;
    std::vector<std::string> queues;
    std::int32_t priority = 0;
    std::vector<FieldError> unread;  // What of it could not be read; refused together with what the rules find wrong.
};

// A ticket with what its match does.
struct TicketView {
    match::Ticket ticket;
    std::optional<match::Match> match;
    std::string join_token;  // For the one player who asks, where its match's server wants one; else empty.
    // The word that people see: the ticket's own state, and while it is matched its match's.
    std::string_view state() const { return match && !match::is_over(ticket.state) ? name_of(match->state) : name_of(ticket.state); }
};

// The use cases of people who want to play. Any replica answers them; what they ask for is carried out by whoever makes the matches.
class Tickets {
public:
    struct Ports {
        MatchStore& store;
        Feed& feed;
        Clock& clock;
        Random& random;
        Secret key;  // Of the tokens; the same in every replica.
        // What this process has stored, for a matchmaker that is in it.
        std::function<void(const match::Ticket&)> stored = [](const match::Ticket&) {};
        std::function<void(TicketId)> seen = [](TicketId) {};
    };
    explicit Tickets(Ports ports) : ports_(std::move(ports)) {}

    template <class T>
    using Answer = Task<Result<T, Error>>;

    struct Joined {
        TicketView view;
        bool is_new = true;
        std::map<std::string, std::string> tokens;  // Of its players; none for whoever only names one who is here already.
    };
    // Stored when it returns. The same players again get the ticket they have; `player_waits` when one of them waits or plays with others. The same
    // key again gets what it got, for another order `idempotency_mismatch`.
    Answer<Joined> join(Visitor visitor, JoinOrder order, Idempotency once);
    Answer<TicketView> show(Visitor visitor, TicketId ticket);
    // The newest one of a player.
    Answer<TicketView> show_of(Visitor visitor, std::string player);
    // Returns at the first change of the ticket, when it is over, or when the time is; at once when its state is another one than the asker knows,
    // who may say it: between two calls it may have changed for the last time.
    Answer<TicketView> wait(Visitor visitor, TicketId ticket, Time until, std::string known = {});
    Answer<MatchStore::Left> cancel(Visitor visitor, TicketId ticket);
    Answer<TicketView> change(Visitor visitor, TicketId ticket, std::vector<match::Player> players);

    // Whether this visitor may hear what happens to a player.
    Result<Success, Error> may_hear(const Visitor& visitor, const std::string& player) const;
    // Somebody listens for what happens to a ticket of these queues, which is a sign of life like asking for it: returns when to say so again, well
    // within what the queues allow for silence. Reads nothing of the ticket: thousands listen.
    Task<Milliseconds> touch(TicketId ticket, std::vector<std::string> queues);
    // The same for the newest ticket of a player, whichever that is by now.
    Task<Milliseconds> touch(std::string tenant, std::string player);

    // The token of a player, and who shows one: a player, or the server of a match; nothing when it is none of ours or too old.
    std::string token_of(const std::string& tenant, const std::string& player) const;
    std::optional<Visitor> visitor_of(std::string_view token) const;

private:
    Answer<Success> repeat(match::Ticket order, std::vector<QueueRecord> queues, MatchStore::Joined& joined);
    Answer<std::vector<QueueRecord>> queues_of(const std::vector<std::string>& names, std::vector<FieldError>& wrong);
    Answer<Success> add_ratings(const std::vector<QueueRecord>& queues, std::vector<match::Player>& players);
    match::Ticket new_ticket(const Visitor& visitor, JoinOrder order, const std::vector<QueueRecord>& queues, const Idempotency& once);
    Answer<TicketView> view(match::Ticket ticket, std::optional<std::string> player);
    Task<Milliseconds> beat_of(std::vector<std::string> queues);
    Task<void> read_silences();
    Answer<match::Ticket> find(const Visitor& visitor, TicketId id);

    Ports ports_;
    std::map<std::string, Milliseconds> silences_;  // What each queue allows, as it was read last.
    Time silences_until_{};  // When it is read again.
};

}  // namespace gk::app
