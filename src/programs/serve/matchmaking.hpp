#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "api/match/match_context.hpp"
#include "api/match/match_metrics.hpp"
#include "app/catalog/game_shelf.hpp"
#include "app/fleet/fleet_orders.hpp"
#include "app/fleet/fleets.hpp"
#include "app/fleet/starter.hpp"
#include "app/match/feed.hpp"
#include "app/match/matchmaker.hpp"
#include "app/match/queues.hpp"
#include "app/match/tickets.hpp"
#include "async/task_group.hpp"
#include "programs/config/config.hpp"
#include "programs/serve/installation.hpp"

namespace gk::programs {

// Everything of matchmaking above the adapters, for one run of the control plane.
class Matchmaking {
public:
    struct Parts {
        MatchPorts matches;
        Ports ports;
        const catalog::Catalog& games;
        const app::GameShelf& shelf;
        api::Context& api;
        Secret key;  // From which that of the players' tokens is derived.
        std::string public_host;
    };
    Matchmaking(boost::asio::io_context& loop, const Config& config, Parts parts);

    api::MatchContext& context() { return context_; }
    // The queue that the configuration names, made or brought up to date. The error is a sentence.
    Task<Result<Success, std::string>> make_queue();
    // What every replica does; into `office` what only the one that keeps does.
    void begin(async::TaskGroup& tasks, async::TaskGroup& office);
    // Sets what is counted by looking, right before a page of metrics is made.
    Task<void> collect();

private:
    std::vector<FieldError> wrong_with(const fleet::Fleet& fleet) const;
    Task<void> make_matches();

    const Config& config_;
    Parts parts_;
    boost::asio::thread_pool engine_thread_{1};
    app::Feed feed_;
    app::Starter starter_;
    app::Fleets fleets_;
    app::Matchmaker maker_;
    app::Tickets tickets_;
    app::Queues queues_;
    app::FleetOrders fleet_orders_;
    api::MatchContext context_;
    api::MatchMetrics metrics_;
};

}  // namespace gk::programs
