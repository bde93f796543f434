#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/memory/fleet_store.hpp"
#include "adapters/memory/match_store.hpp"
#include "adapters/memory/state.hpp"
#include "ports/runtime.hpp"
#include "tests/sim/dice.hpp"
#include "tests/sim/match/faults.hpp"
#include "tests/sim/trace.hpp"

namespace gk::matchsim {

using sim::Dice;

// The process of a match server, or what is left of it.
struct Game {
    std::string name;
    Seen::Process process = Seen::Process::gone;
    std::string match;          // That it was begun for, or was told.
    std::optional<Time> next;   // When it goes on by itself: becomes ready, or ends.
    bool is_lost = false;       // Its end leaves nothing behind.
};

// Everything that outlives the control plane: what is stored, the servers of matches, and what must hold of both (rules.cpp).
class Hall {
public:
    Hall(std::uint64_t seed, Plant with);

    std::shared_ptr<memory::MatchState> matches = std::make_shared<memory::MatchState>();
    std::shared_ptr<memory::FleetState> fleets = std::make_shared<memory::FleetState>();
    std::shared_ptr<memory::StoreState> records = std::make_shared<memory::StoreState>();  // Of ports.
    std::map<ServerUid, Game> games;

    Time now{Milliseconds(1'800'000'000'000)};
    Milliseconds skew{};
    Plant plant;
    Dice fault_dice;
    Dice game_dice;
    Faults faults;
    bool quiet = false;
    std::set<std::uint64_t> deaths;  // The waits in which a life dies, by number from 1 on.
    std::vector<std::string> waits;  // The names of the calls, as long as there are deaths to come.
    sim::Trace trace;
    std::function<void(ServerUid)> changed = [](ServerUid) {};

    template <class Tag>
    void note(std::string_view what, Id<Tag> id, std::uint64_t detail = 0) {
        trace.note(now, what, ServerUid(id.bits()), detail);
    }
    void note(std::string_view what) { trace.note(now, what); }
    void breach(std::string what);
    const std::string& first_breach() const { return breach_; }
    void heal();

    // Counts the waits of all lives, and says whether a life is to die in this one.
    bool is_last_wait(const char* what);
    // What servers do by themselves until now, and when one does something next.
    void settle();
    std::optional<Time> next_event() const;
    // Commands that have arrived. Older epochs are refused.
    Result<Success, RuntimeError> admit(Epoch epoch);
    void launch(const server::LaunchSpec& spec);
    void stop(ServerUid uid);
    void kill(ServerUid uid);
    void clean(ServerUid uid);
    void tell(ServerUid uid, const std::string& line);

    // What people were told, and must stay true.
    struct Promises {
        std::set<TicketId> joined;
        std::set<TicketId> cancelled;
        std::set<MatchId> ended;
        std::map<std::pair<MatchId, std::string>, bool> answered;
        std::map<std::string, TicketId> by_key;
    };
    Promises promises;
    void join_was_answered(const std::string& key, TicketId ticket);

    // Looks at the rules after each effect.
    void check();
    // Who waits although the rules allow a match, by now; empty when nobody does.
    std::string starving() const;
    // Why there is no rest: something is not over, or something is left.
    std::string unrest() const;
    // How often each state of a match was reached, for tests that want to know what was tried.
    std::map<std::string, std::uint64_t> reached;

private:
    void end(ServerUid uid);
    void play(Game& game, const std::string& match);
    void check_tickets();
    void check_matches();
    void check_servers();
    void check_promises();
    void check_events();

    Epoch epoch_{};  // The highest that has commanded.
    std::string breach_;
    std::map<TicketId, match::Ticket> seen_;
    std::map<std::string, std::set<std::string>> served_;  // Matches by the server that knew of them.
    std::uint64_t event_seen_ = 0;
    std::size_t events_seen_ = 0;
    std::map<MatchId, Epoch> committed_;
};

}  // namespace gk::matchsim
