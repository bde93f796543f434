#pragma once

#include "adapters/sqlite/database.hpp"
#include "async/watchers.hpp"
#include "ports/server_store.hpp"

namespace gk::sqlite {

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
    Database& db_;
    async::Watchers<ServerUid> watchers_;
};

}  // namespace gk::sqlite
