#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/memory/state.hpp"
#include "async/watchers.hpp"
#include "ports/ledger.hpp"

namespace gk::memory {

class MemoryLedger final : public Ledger {
public:
    struct Limits {
        std::size_t events_kept = 10'000;
        Milliseconds replies_kept = std::chrono::hours(24);
    };
    MemoryLedger(boost::asio::any_io_executor loop, std::shared_ptr<StoreState> state);
    MemoryLedger(boost::asio::any_io_executor loop, std::shared_ptr<StoreState> state, Limits limits);

    Answer<Epoch> next_epoch() override;
    Answer<Success> put(Operation operation, WrittenBy by) override;
    Answer<Success> put_ahead(Operation operation) override;
    Answer<Operation> operation(OperationId id) override;
    Answer<std::vector<Operation>> operations(OperationFilter filter) override;
    Answer<std::optional<IdempotentReply>> remember(std::string scope, std::string key, IdempotentReply reply, Time now) override;
    Answer<std::uint64_t> append(Event event) override;
    Answer<std::vector<Event>> events_after(std::uint64_t number, std::size_t limit) override;
    std::shared_ptr<void> watch_events(std::function<void()> appended) override;
    Answer<vault::Snapshot> put(vault::Snapshot snapshot, WrittenBy by) override;
    Answer<std::vector<vault::Snapshot>> snapshots(ServerUid server) override;
    Answer<Success> remove(ServerUid server, SnapshotId id, WrittenBy by) override;
    Answer<Success> put(ApiKey key) override;
    Answer<std::vector<ApiKey>> keys() override;
    Answer<Success> put(KeptWorld world, WrittenBy by) override;
    Answer<std::vector<KeptWorld>> kept_worlds() override;
    Answer<Success> remove_kept(ServerUid uid, WrittenBy by) override;
    Answer<std::optional<std::string>> fact(std::string name) override;
    Answer<Success> set_fact(std::string name, std::string value, WrittenBy by) override;

private:
    std::shared_ptr<StoreState> state_;
    async::Watchers<> watchers_;
    Limits limits_;
};

}  // namespace gk::memory
