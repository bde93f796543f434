#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/memory/fleet_store.hpp"
#include "adapters/memory/port_map.hpp"
#include "adapters/memory/random.hpp"
#include "adapters/memory/server_store.hpp"
#include "adapters/memory/state.hpp"
#include "app/fleet/fleets.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "domain/fleet/server_uid.hpp"
#include "tests/match/arena.hpp"

namespace gk::app {
using namespace std::chrono_literals;

// Fleets over a store in memory and games that do as they are told.
class FleetsRig : public testing::Test {
protected:
    void SetUp() override { shift.begin(Epoch{1}); }
    void TearDown() override {
        tasks.cancel();
        wait(tasks.join());
    }

    void begin() {
        fleets = std::make_unique<Fleets>(io.get_executor(), Fleets::Ports{store, arena, clock, starter});
        ended = fleets->watch([this](MatchId match, std::string reason) { ends.emplace_back(match, std::move(reason)); });
        tasks.spawn("fleets", fleets->work(shift));
        settle();
    }
    void put(std::uint32_t ready, std::uint32_t most = 10, std::uint64_t generation = 1) {
        fleet::Fleet fleet;
        fleet.name = "duels";
        fleet.game = "toy";
        fleet.ready = ready;
        fleet.most = most;
        fleet.generation = generation;
        ASSERT_TRUE(wait(store.put(fleet)));
        settle();
    }
    match::Match new_match() {
        match::Match match;
        match.id = random.id<MatchId>();
        match.members.push_back({.player = "ann", .ticket = {}, .team = "a", .accepted = {}, .left_at = {}});
        match.members.push_back({.player = "b\"en", .ticket = {}, .team = "b", .accepted = {}, .left_at = {}});
        return match;
    }
    QueueRecord queue(std::string fleet) {
        QueueRecord record;
        record.name = "casual";
        record.game = "toy";
        record.fleet = std::move(fleet);
        return record;
    }
    std::optional<match::MatchServer> take(const match::Match& match) {
        auto taken = wait(fleets->take(match, queue("duels")));
        return taken ? *taken : std::nullopt;
    }
    void settle() {
        io.restart();
        while (io.poll() > 0) io.restart();
    }
    void pass_time(Milliseconds time) {
        settle();
        for (auto left = time; left > 0ms; left -= 500ms) {
            clock.advance(std::min<Milliseconds>(left, 500ms));
            settle();
        }
    }
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io, std::move(task));
    }
    static Task<void> keep(MatchServers::Answer<match::MatchServer> starting, Result<match::MatchServer, MatchServers::Refusal>& out) {
        out = co_await std::move(starting);
    }
    // What comes of a server that is begun for a match; nothing as long as it is waited for.
    using Started = std::optional<Result<match::MatchServer, MatchServers::Refusal>>;
    std::shared_ptr<Started> start(const match::Match& match, std::string fleet, Milliseconds limit = 45s) {
        auto out = std::make_shared<Started>();
        auto starting = fleets->start(match, queue(std::move(fleet)), clock.now() + limit);
        tasks.spawn("start", note(std::move(starting), out));
        settle();
        return out;
    }
    static Task<void> note(MatchServers::Answer<match::MatchServer> starting, std::shared_ptr<Started> out) {
        out->emplace(co_await std::move(starting));
    }
    std::size_t stored() { return wait(store.servers())->size(); }

    boost::asio::io_context io{1};
    async::ManualClock clock;
    memory::SeededRandom random{1};
    std::shared_ptr<memory::FleetState> state = std::make_shared<memory::FleetState>();
    std::shared_ptr<memory::MatchState> matches = std::make_shared<memory::MatchState>();
    memory::MemoryFleetStore store{io.get_executor(), state, matches};
    std::shared_ptr<memory::StoreState> records = std::make_shared<memory::StoreState>();
    memory::MemoryServerStore worlds{io.get_executor(), records};
    MemoryRoom room{worlds, {1'000'000}};
    server::Resources each;  // What a match server asks for.
    Starter::Ports::Way way = std::nullopt;  // How its players reach it.
    memory::MemoryPortMap port_map{records, clock, {.range = {.first = Port{32000}, .last = Port{32099}}}};
    matchtest::Arena arena{io.get_executor()};
    matchtest::OneGame games;
    Starter starter{{.runtime = arena,
                     .port_map = port_map,
                     .random = random,
                     .games = games,
                     .public_host = "192.0.2.1",
                     .api = "http://192.0.2.1:8080",
                     .resources = [this](const std::string&, const std::string&) { return std::optional(each); },
                     .way = [this](const std::string&, const std::string&) { return way; },
                     .room = &room}};
    Shift shift{clock};
    async::TaskGroup tasks{io.get_executor()};
    std::unique_ptr<Fleets> fleets;
    std::shared_ptr<void> ended;
    std::vector<std::pair<MatchId, std::string>> ends;
};

}  // namespace gk::app
