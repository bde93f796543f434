#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "adapters/memory/fleet_store.hpp"
#include "adapters/memory/match_store.hpp"
#include "api/match/match_context.hpp"
#include "app/catalog/game_shelf.hpp"
#include "tests/app/household.hpp"

namespace gk::apitest {

// The use cases of matchmaking over adapters in memory. Nobody makes matches.
struct MatchHouse {
    MatchHouse(apptest::Household& home, api::Context& api_context)
        : house(home),
          store(home.io.get_executor(), state),
          fleet_store(home.io.get_executor(), fleet_state, state),
          feed(store, home.clock),
          starter({.runtime = home.runtime,
                   .port_map = home.port_map,
                   .random = home.random,
                   .games = api_context.shelf,
                   .public_host = "192.0.2.1",
                   .resources = [](const std::string&, const std::string&) { return std::optional(server::Resources()); }}),
          fleets(home.io.get_executor(), {fleet_store, home.runtime, home.clock, starter}),
          maker({.store = store, .servers = fleets, .clock = home.clock, .random = home.random, .off_loop = here}, {}),
          tickets({.store = store,
                   .feed = feed,
                   .clock = home.clock,
                   .random = home.random,
                   .key = Secret("of tokens"),
                   .seen = [this](TicketId ticket) { seen.push_back(ticket); }}),
          matches({.store = store, .clock = home.clock}),
          queues({.store = store,
                  .is_known_game = [this](const std::string& game) { return house.games.game(game) != nullptr; },
                  .is_known_fleet = [this](std::string fleet) { return is_known_fleet(std::move(fleet)); }}),
          fleet_orders({.store = fleet_store, .fleets = fleets, .check = [](const fleet::Fleet&) { return std::vector<FieldError>(); }}),
          context{.api = api_context,
                  .tickets = tickets,
                  .matches = matches,
                  .queues = queues,
                  .fleets = fleet_orders,
                  .maker = maker,
                  .feed = feed,
                  .store = store} {}

    static Task<void> here(std::function<void()> work) {
        work();
        co_return;
    }
    Task<Result<bool, app::Error>> is_known_fleet(std::string name) {
        if (fleets_are_unread) co_return std::unexpected(app::from(StoreError{StoreError::Kind::unavailable, "the Fleets have not been read yet"}));
        const auto all = co_await fleet_store.fleets();
        co_return std::ranges::find(*all, name, &fleet::Fleet::name) != all->end();
    }
    // A queue "casual" with a fleet "duels"; ann waits, and ben plays. Her ticket and his match.
    std::pair<std::string, std::string> furnish(apptest::Household& home) {
        const app::Caller caller{.name = "test"};
        app::FleetChange fleet;
        fleet.fleet.name = "duels";
        fleet.fleet.game = "toy";
        EXPECT_TRUE(home.wait(fleet_orders.put(caller, std::move(fleet))));
        app::QueueOrder queue{.name = "casual", .game = "toy", .fleet = "duels", .rules = Value::object({{"size", 2}}), .unread = {}};
        EXPECT_TRUE(home.wait(queues.put(caller, std::move(queue))));
        const auto ann = join("ann");
        const auto ben = join("ben");
        match::Match match;
        match.id = home.random.id<MatchId>();
        match.queue = "casual";
        match.members.push_back({.player = "ben", .ticket = ben, .team = "players", .accepted = {}, .left_at = {}});
        std::vector<match::Match> made{match};
        EXPECT_TRUE(home.wait(store.commit(std::move(made), Epoch{})).value().front().is_committed);
        return {ann.text(), match.id.text()};
    }
    TicketId join(const std::string& player) {
        app::JoinOrder order;
        order.queues.push_back("casual");
        order.players.push_back({.id = player, .attributes = {}, .latencies = {}, .blocked = {}});
        auto joined = house.wait(tickets.join({.caller = {.name = "test"}, .player = {}}, std::move(order), {}));
        return joined ? joined->view.ticket.id : TicketId();
    }

    apptest::Household& house;
    std::vector<TicketId> seen;  // Whose players gave a sign of life.
    bool fleets_are_unread = false;
    std::shared_ptr<memory::MatchState> state = std::make_shared<memory::MatchState>();
    std::shared_ptr<memory::FleetState> fleet_state = std::make_shared<memory::FleetState>();
    memory::MemoryMatchStore store;
    memory::MemoryFleetStore fleet_store;
    app::Feed feed;
    app::Starter starter;
    app::Fleets fleets;
    app::Matchmaker maker;
    app::Tickets tickets;
    app::Matches matches;
    app::Queues queues;
    app::FleetOrders fleet_orders;
    api::MatchContext context;
};

}  // namespace gk::apitest
