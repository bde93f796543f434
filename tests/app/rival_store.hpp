#pragma once

#include <functional>
#include <utility>

#include "adapters/memory/server_store.hpp"

namespace gk::apptest {

// A store in which somebody else is faster: what `rival` does is done just before the first write.
class RivalStore final : public ServerStore {
public:
    explicit RivalStore(memory::MemoryServerStore& inner) : inner_(inner) {}
    std::function<Task<void>(server::Record)> rival;  // Is given what is to be written.

    Task<Result<server::Version, StoreError>> create(server::Record record) override {
        co_await let_rival_go_first(record);
        co_return co_await inner_.create(std::move(record));
    }
    Task<Result<server::Version, StoreError>> replace(server::Record record) override {
        co_await let_rival_go_first(record);
        co_return co_await inner_.replace(std::move(record));
    }
    Task<Result<Success, StoreError>> remove(ServerUid uid, server::Version seen) override { return inner_.remove(uid, seen); }
    Task<Result<server::Record, StoreError>> get(ServerUid uid) override { return inner_.get(uid); }
    Task<Result<server::Record, StoreError>> find(std::string space, std::string id) override { return inner_.find(std::move(space), std::move(id)); }
    Task<Result<std::vector<server::Record>, StoreError>> list() override { return inner_.list(); }
    std::shared_ptr<void> watch(Changed changed) override { return inner_.watch(std::move(changed)); }

private:
    Task<void> let_rival_go_first(server::Record record) {
        if (const auto first = std::exchange(rival, nullptr)) co_await first(std::move(record));
    }

    memory::MemoryServerStore& inner_;
};

}  // namespace gk::apptest
