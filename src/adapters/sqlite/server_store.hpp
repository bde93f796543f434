#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adapters/sqlite/database.hpp"
#include "async/watchers.hpp"
#include "ports/server_store.hpp"

namespace gk::sqlite {

// The records of one process that owns its file. What is on disk is kept in memory as well, read and checked once: reading never waits for
// the disk, and the disk is always written first.
class SqliteServerStore final : public ServerStore {
public:
    SqliteServerStore(boost::asio::any_io_executor loop, Database& db) : db_(db), watchers_(std::move(loop)) {}

    Task<Result<server::Version, StoreError>> create(server::Record record) override;
    Task<Result<server::Version, StoreError>> replace(server::Record record) override;
    Task<Result<Success, StoreError>> remove(ServerUid uid, server::Version seen) override;
    Task<Result<server::Record, StoreError>> get(ServerUid uid) override;
    Task<Result<server::Record, StoreError>> find(std::string space, std::string id) override;
    Task<Result<std::vector<server::Record>, StoreError>> list() override;
    std::shared_ptr<void> watch(Changed changed) override { return watchers_.add(std::move(changed)); }

private:
    struct Known {
        std::map<ServerUid, server::Record> records;
        std::map<std::pair<std::string, std::string>, ServerUid> names;  // Space and id: the order of lists.
    };

    Task<Result<Success, StoreError>> load();
    void stored(server::Record record, server::Version version);
    void keep(server::Record record);
    void drop(ServerUid uid);

    Database& db_;
    std::optional<Known> known_;  // Nothing before the first question.
    async::Watchers<ServerUid> watchers_;
};

}  // namespace gk::sqlite
