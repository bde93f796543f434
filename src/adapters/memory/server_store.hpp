#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/memory/state.hpp"
#include "async/watchers.hpp"
#include "ports/server_store.hpp"

namespace gk::memory {

// An honest ServerStore that only forgets when its state does. Two of them over one state see each other's changes, as two processes would,
// but each wakes only its own watchers.
class MemoryServerStore final : public ServerStore {
public:
    MemoryServerStore(boost::asio::any_io_executor loop, std::shared_ptr<StoreState> state);

    Task<Result<server::Version, StoreError>> create(server::Record record) override;
    Task<Result<server::Version, StoreError>> replace(server::Record record) override;
    Task<Result<Success, StoreError>> remove(ServerUid uid, server::Version seen) override;
    Task<Result<server::Record, StoreError>> get(ServerUid uid) override;
    Task<Result<server::Record, StoreError>> find(std::string space, std::string id) override;
    Task<Result<std::vector<server::Record>, StoreError>> list() override;
    std::shared_ptr<void> watch(Changed changed) override;

private:
    Result<Success, StoreError> check_unique(const server::Record& record) const;

    std::shared_ptr<StoreState> state_;
    async::Watchers<ServerUid> watchers_;
};

}  // namespace gk::memory
