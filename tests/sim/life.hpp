#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include "app/edge/edge_desk.hpp"
#include "app/intake/intake.hpp"
#include "app/keeper/keeper.hpp"
#include "app/servers/servers.hpp"
#include "app/vault/care.hpp"
#include "app/vault/scheduler.hpp"
#include "app/watch/idle_watch.hpp"
#include "async/manual_clock.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "tests/sim/footing.hpp"
#include "tests/sim/ground.hpp"

namespace gk::sim {

// One life of the control plane, as `gamekeeper serve` puts it together: use cases, keeper, schedules and the care of the vault, with their loop,
// clock and ports over the common ground. It ends by death (end()), which stops it at whatever it awaits, or by itself, when a newer keeper is at
// work.
class Life {
public:
    Life(Ground& ground, Surroundings& surroundings, std::uint64_t seed, std::uint64_t number);
    ~Life();

    // For clients. What they have asked ends without an answer when the life ends.
    app::Servers& servers() { return *servers_; }
    Task<void> takes_over() { return keeper_->tenure().wait(); }
    Epoch epoch() const { return keeper_->tenure().epoch(); }
    // By its port map, past all faults.
    std::vector<PortMap::Reservation> ports_held();
    void spawn(Task<void> request) { tasks_.spawn("request", std::move(request)); }

    // Runs what can run now; how much that was.
    std::size_t poll();
    // Until then nothing of it runs, as if somebody had sent SIGSTOP.
    void stand_still(Time until) { still_until_ = until; }
    bool stands_still(Time now) const { return now < still_until_; }
    Time still_until() const { return still_until_; }
    void advance(Time now);
    std::optional<Time> next_due() const;
    bool wants_to_die() const;
    bool has_ended() const { return ended_; }
    // Stops at once: whatever was awaited throws, nothing more reaches the ground.
    void end();
    void wake(ServerUid uid);

private:
    Task<void> live();
    Task<void> keep();
    Task<void> watch_office();
    Task<void> after_takeover(Task<void> work);
    Task<void> read_ports(std::vector<PortMap::Reservation>& held);
    Task<void> submit(app::Due due);
    void stand_behind(EdgeLine& edges);
    Task<Result<Success, app::Error>> start_for_knock(server::Record record, server::Cause cause);
    Task<void> fall_asleep(server::Record record);

    Ground& ground_;
    boost::asio::io_context io_;
    async::ManualClock clock_;
    async::TaskGroup tasks_{io_.get_executor()};
    catalog::Catalog games_;
    std::unique_ptr<Footing> footing_;
    std::unique_ptr<app::Keeper> keeper_;
    std::unique_ptr<app::Servers> servers_;
    std::unique_ptr<app::VaultCare> care_;
    std::unique_ptr<app::Scheduler> scheduler_;
    std::unique_ptr<app::Intake> intake_;
    std::unique_ptr<app::EdgeDesk> edge_desk_;    // Null: no edge stands before the games ...
    std::unique_ptr<app::IdleWatch> idle_watch_;  // ... and nobody watches for what nobody plays.
    async::Signal end_;
    Time still_until_{};
    boost::asio::cancellation_signal cancel_;
    bool ended_ = false;
};

}  // namespace gk::sim
