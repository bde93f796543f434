#pragma once

#include <memory>
#include <string>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "adapters/memory/random.hpp"
#include "app/fleet/fleets.hpp"
#include "app/fleet/starter.hpp"
#include "app/match/feed.hpp"
#include "app/match/matches.hpp"
#include "app/match/matchmaker.hpp"
#include "app/match/presence.hpp"
#include "app/match/queues.hpp"
#include "app/match/tickets.hpp"
#include "async/manual_clock.hpp"
#include "async/task_group.hpp"
#include "tests/match/arena.hpp"
#include "tests/sim/match/ports.hpp"

namespace gk::matchsim {

// One life of the control plane, as `gamekeeper serve` puts matchmaking together. It ends by death. Whose matchmaker was superseded goes on
// answering people, as a replica does.
class Life {
public:
    Life(Hall& hall, std::uint64_t seed, std::uint64_t number);
    ~Life();

    app::Tickets& tickets() { return tickets_; }
    app::Matches& matches() { return matches_; }
    app::Queues& queues() { return queues_; }
    app::Feed& feed() { return feed_; }
    MatchStore& store() { return store_; }
    Clock& clock() { return clock_; }
    // A request of somebody: it ends without an answer when the life ends.
    void spawn(Task<void> request) { tasks_.spawn("request", std::move(request)); }

    // Runs what can run now; how much that was.
    std::size_t poll();
    void advance(Time now);
    std::optional<Time> next_due() const { return clock_.next_due(); }
    bool wants_to_die() const { return way_.is_dying(); }
    bool makes_matches() const { return !is_superseded_; }
    std::size_t waiting(const std::string& queue) const { return maker_.waiting(queue).value_or(0); }
    // Stops at once: whatever was awaited throws, nothing more reaches the hall.
    void end();
    void wake(ServerUid uid) { runtime_.wake(uid); }

private:
    Task<void> live();
    Task<void> make_matches();
    static Task<void> here(std::function<void()> work);

    Hall& hall_;
    boost::asio::io_context io_;
    async::ManualClock clock_;
    async::TaskGroup tasks_{io_.get_executor()};
    Way way_;
    memory::SeededRandom random_;
    memory::MemoryMatchStore stored_matches_;
    memory::MemoryFleetStore stored_fleets_;
    memory::MemoryPortMap stored_ports_;
    SimMatchStore store_;
    SimFleetStore fleet_store_;
    SimPortMap port_map_;
    SimRuntime runtime_;
    matchtest::OneGame games_;
    app::Starter starter_;
    app::Fleets fleets_;
    app::Matchmaker maker_;
    app::Feed feed_;
    app::Presence presence_;
    app::Tickets tickets_;
    app::Matches matches_;
    app::Queues queues_;
    async::WaitQueue never_;
    boost::asio::cancellation_signal cancel_;
    bool is_superseded_ = false;
    bool ended_ = false;
};

}  // namespace gk::matchsim
