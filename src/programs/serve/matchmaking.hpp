#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "adapters/redis/match_index.hpp"
#include "api/match/match_context.hpp"
#include "api/match/match_metrics.hpp"
#include "api/match/match_owner.hpp"
#include "app/catalog/game_shelf.hpp"
#include "app/fleet/fleet_orders.hpp"
#include "app/fleet/fleets.hpp"
#include "app/fleet/starter.hpp"
#include "app/match/feed.hpp"
#include "app/match/matches.hpp"
#include "app/match/matchmaker.hpp"
#include "app/match/presence.hpp"
#include "app/match/queues.hpp"
#include "app/match/tickets.hpp"
#include "async/task_group.hpp"
#include "programs/config/config.hpp"
#include "programs/serve/installation.hpp"

namespace gk::programs {

// Everything of matchmaking above the stores, for one run of the control plane.
class Matchmaking {
public:
    struct Parts {
        MatchPorts matches;
        Ports ports;
        const catalog::Catalog& games;
        const app::GameShelf& shelf;
        api::Context& api;
        app::MemoryRoom* room;  // As app::Starter has it.
        Secret key;  // From which that of the players' tokens is derived.
        std::string public_host;
        std::optional<tls::Context> tls;  // Of the API; nothing: it speaks without.
    };
    Matchmaking(boost::asio::io_context& loop, const Config& config, Parts parts);

    api::MatchContext& context() { return context_; }
    // What the configuration names: the queue, made or brought up to date, and Redis, which need not be there. The error is a sentence.
    Task<Result<Success, std::string>> prepare();
    // What every replica does; into `office` what only the one does whose turn it is, after `settled`.
    void begin(async::TaskGroup& tasks, async::TaskGroup& office, Task<void> settled);
    // Sets what is counted by looking, right before a page of metrics is made.
    Task<void> collect();

private:
    Runtime& runtime() const { return parts_.matches.runtime != nullptr ? *parts_.matches.runtime : parts_.ports.runtime; }
    PortMap& port_map() const { return parts_.matches.port_map != nullptr ? *parts_.matches.port_map : parts_.ports.port_map; }
    // That every control plane has which makes matches with this one.
    const Secret& shared_key() const { return parts_.matches.token_key.empty() ? parts_.key : parts_.matches.token_key; }
    Secret tokens() const;  // The key from which those of players and of matches' servers follow.
    Task<Result<bool, app::Error>> is_known_fleet(std::string name);
    std::vector<FieldError> wrong_with(const fleet::Fleet& fleet) const;
    app::Starter::Ports::Way way_to(const std::string& game, const std::string& package) const;
    Task<Result<Success, std::string>> make_queue();
    Result<Success, std::string> use_redis();
    Task<void> make_matches(Task<void> settled);
    Task<void> make_for_one_turn();

    boost::asio::any_io_executor loop_;
    const Config& config_;
    Parts parts_;
    boost::asio::thread_pool engine_thread_{1};
    app::Feed feed_;
    app::Presence presence_;
    app::Starter starter_;
    app::Fleets fleets_;
    app::Matchmaker maker_;
    app::Tickets tickets_;
    app::Matches matches_;
    app::Queues queues_;
    app::FleetOrders fleet_orders_;
    std::optional<redis::MatchIndex> index_;
    std::optional<api::MatchOwner> owner_;  // Where another control plane may be the one.
    api::MatchContext context_;
    api::MatchMetrics metrics_;
};

}  // namespace gk::programs
