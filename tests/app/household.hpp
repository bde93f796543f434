#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/memory/ledger.hpp"
#include "adapters/memory/port_map.hpp"
#include "adapters/memory/random.hpp"
#include "adapters/memory/server_store.hpp"
#include "app/accounts/accounts.hpp"
#include "app/servers/servers.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "tests/app/quiet_runtime.hpp"
#include "tests/games/read_file.hpp"

namespace gk::apptest {

inline catalog::Catalog shipped_games() {
    const std::string root = GK_SOURCE_DIR;
    catalog::Catalog games;
    games.put_packages(catalog::decode_packages(games_test::read_document(root + "/games/packages/default.yaml")).value());
    for (const auto* path : {"/games/teeworlds.yaml", "/tests/games/toy.yaml"}) {
        games.put(catalog::decode_game(games_test::read_document(root + path)).value());
    }
    return games;
}

// The use cases over adapters in memory, on a machine with room for two small servers. Nobody carries operations out.
struct Household {
    boost::asio::io_context io{1};
    async::ManualClock clock;
    std::shared_ptr<memory::StoreState> state = std::make_shared<memory::StoreState>();
    memory::MemoryServerStore store{io.get_executor(), state};
    memory::MemoryLedger ledger{io.get_executor(), state};
    memory::MemoryPortMap port_map{state, clock, {.range = {.first = Port{31000}, .last = Port{31009}}}};
    memory::SeededRandom random{1};
    QuietRuntime runtime;
    catalog::Catalog games = shipped_games();
    app::Servers servers{{store, ledger, runtime, port_map, clock, random}, games, {.cpu = {2000}, .cpu_overcommit = 1, .memory = {2048}}};
    app::Accounts accounts{ledger, clock, random};

    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io, std::move(task));
    }
    Result<app::Accepted, app::Error> create(app::CreateOrder order, app::Idempotency once = {}) {
        return wait(servers.create({.name = "test"}, std::move(order), std::move(once)));
    }
    Result<app::Accepted, app::Error> ask(const std::string& id, app::VerbOrder order, app::Idempotency once = {}) {
        return wait(servers.ask({.name = "test"}, "default", id, std::move(order), std::move(once)));
    }
    Result<std::string, app::Error> type(const std::string& id, const std::string& line, app::Idempotency once = {}) {
        return wait(servers.command({.name = "test"}, "default", id, {.line = line, .epoch = Epoch{1}}, std::move(once)));
    }
    // As the keeper leaves it when the game has become ready, started with the settings that nobody said.
    void bring_up(const std::string& id) {
        auto up = record(id);
        up.wanted = server::Wanted::running;
        up.phase = server::Phase::running;
        up.started_at = clock.now();
        ASSERT_TRUE(wait(store.replace(up)));
    }
    void tell(const std::string& type, std::optional<ServerUid> server = {}) {
        const Event event{.at = clock.now(), .type = type, .server = server, .server_id = {}, .data = {}};
        ASSERT_TRUE(wait(ledger.append(event)));
    }
    // Lets the loop work until it holds; false when it never does.
    template <class Question>
    bool settle(Question holds, int turns = 1000) {
        io.restart();
        for (int turn = 0; turn < turns && !holds(); ++turn) io.run_one_for(std::chrono::milliseconds(10));
        return holds();
    }
    server::Record record(const std::string& id) { return wait(store.find("default", id)).value(); }
};

}  // namespace gk::apptest
