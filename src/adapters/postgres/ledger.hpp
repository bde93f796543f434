#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/postgres/pool.hpp"
#include "async/watchers.hpp"
#include "ports/ledger.hpp"

namespace gk::postgres {

// The Ledger in a PostgreSQL database that several processes share. ServerStore is elsewhere there, so what goes ahead of its writes is on disk at
// once, and a process that dies in between leaves an operation that nobody works on.
class PostgresLedger final : public Ledger {
public:
    // Connects, and brings the schema up to date. `loop`, whose thread calls everything here, and `clock` outlive it, and it outlives its calls.
    static Answer<std::unique_ptr<PostgresLedger>> open(boost::asio::any_io_executor loop, Clock& clock, Options options);

    // Hears of the events that other processes append, until the task is cancelled. Without it, watchers hear of our own only.
    Task<void> run();

    Answer<Epoch> next_epoch() override;
    Answer<Success> put(Operation operation, WrittenBy by) override;
    Answer<Success> put_ahead(Operation operation) override;
    Answer<Operation> operation(OperationId id) override;
    Answer<std::vector<Operation>> operations(OperationFilter filter) override;
    Answer<std::optional<IdempotentReply>> remember(std::string scope, std::string key, IdempotentReply reply, Time now) override;
    Answer<std::uint64_t> append(Event event) override;
    Answer<std::vector<Event>> events_after(std::uint64_t number, std::size_t limit) override;
    std::shared_ptr<void> watch_events(std::function<void()> appended) override { return watchers_.add(std::move(appended)); }
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
    PostgresLedger(boost::asio::any_io_executor loop, Clock& clock, Options options);
    Answer<Rows> ask(const char* sql, std::vector<std::string> values = {});
    // One transaction that is refused under an old epoch; the answers of `statements`.
    Answer<std::vector<Rows>> write(WrittenBy by, std::vector<Statement> statements);
    Answer<Success> change(WrittenBy by, const char* sql, std::vector<std::string> values);

    boost::asio::any_io_executor loop_;
    Clock& clock_;
    Pool pool_;
    async::Watchers<> watchers_;
};

}  // namespace gk::postgres
