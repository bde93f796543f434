#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "adapters/memory/ledger.hpp"
#include "adapters/memory/notifier.hpp"
#include "adapters/memory/server_store.hpp"
#include "adapters/memory/vault.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"

namespace gk::app {

// An installation in memory with worlds and a vault, for tests of what looks after them.
class Household {
public:
    static ServerUid uid_of(std::uint8_t n) { return ServerUid(bits_of(n)); }
    static SnapshotId snapshot_of(std::uint8_t n) { return SnapshotId(bits_of(n)); }

    template <class T>
    T run(Task<T> task) {
        return async::run_until_done(io, std::move(task));
    }
    void run(Task<void> task) { async::run_until_done(io, std::move(task)); }

    server::Record add_server(std::uint8_t n, server::Phase phase = server::Phase::running) {
        server::Record record;
        record.uid = uid_of(n);
        record.id = "castle-" + std::to_string(n);
        record.game = "minetest";
        record.slot = n;
        record.phase = phase;
        record.created_at = clock.now();
        record.started_at = clock.now();
        record.version = run(store.create(record)).value();
        worlds[record.uid] = {{"map", "blocks"}};
        return record;
    }

    // A complete snapshot in vault and catalogue.
    vault::Snapshot back_up(const server::Record& record, std::uint8_t n, vault::Consistency consistency = vault::Consistency::quiesced) {
        SnapshotOrder order{.server = record.uid,
                            .id = snapshot_of(n),
                            .consistency = consistency,
                            .trigger = vault::Trigger::schedule,
                            .excludes = {},
                            .record = {}};
        order.record = Value::object({{"server", server::to_value(record)}, {"definition", Value()}});
        const auto taken = run(memory_vault.take(std::move(order))).value();
        vault::Snapshot snapshot;
        snapshot.id = snapshot_of(n);
        snapshot.server = record.uid;
        snapshot.status = vault::SnapshotStatus::complete;
        snapshot.consistency = consistency;
        snapshot.created_at = clock.now();
        snapshot.engine_id = taken.engine_id;
        return run(ledger.put(snapshot, no_keeper)).value();
    }

    boost::asio::io_context io;
    async::ManualClock clock;
    std::shared_ptr<memory::StoreState> state = std::make_shared<memory::StoreState>();
    memory::MemoryServerStore store{io.get_executor(), state};
    memory::MemoryLedger ledger{io.get_executor(), state};
    memory::MemoryNotifier notifier;
    std::map<ServerUid, memory::World> worlds;
    memory::VaultState vault_state;
    memory::MemoryVault memory_vault{vault_state,
                                     {.read = [this](ServerUid uid) { return worlds.contains(uid) ? std::optional(worlds[uid]) : std::nullopt; },
                                      .stage = [](ServerUid, memory::World, std::uint32_t) { return true; }},
                                     [this] { return clock.now(); }};

private:
    static UuidBits bits_of(std::uint8_t n) {
        UuidBits bits{};
        bits[15] = n;
        return bits;
    }
};

}  // namespace gk::app
