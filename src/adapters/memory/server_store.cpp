#include "adapters/memory/server_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/server/counted_version.hpp"

namespace gk::memory {
namespace {

StoreError not_found(ServerUid uid) { return {StoreError::Kind::not_found, fmt::format("there is no server with the uid {}", uid.text())}; }

StoreError taken(std::string what, const server::Record& by) {
    return {StoreError::Kind::conflict, fmt::format("{} is taken by server {}/{}", what, by.space, by.id)};
}

StoreError moved_on(const server::Record& stored, server::Version seen) {
    return {StoreError::Kind::conflict,
            fmt::format("server {}/{} is at version {}, not {}: read it again", stored.space, stored.id, stored.version.text, seen.text)};
}

const server::PortBinding* shared_port(const server::Record& a, const server::Record& b) {
    for (const auto& binding : a.ports) {
        const auto same = [&](const server::PortBinding& other) { return other.protocol == binding.protocol && other.open == binding.open; };
        if (std::ranges::any_of(b.ports, same)) return &binding;
    }
    return nullptr;
}

}  // namespace

MemoryServerStore::MemoryServerStore(boost::asio::any_io_executor loop, std::shared_ptr<StoreState> state)
    : state_(std::move(state)),
      watchers_(std::move(loop)) {}

Task<Result<server::Version, StoreError>> MemoryServerStore::create(server::Record record) {
    state_->store_ahead();
    if (state_->servers.contains(record.uid)) {
        co_return std::unexpected(taken("the uid " + record.uid.text(), state_->servers.at(record.uid)));
    }
    CO_TRY_OK(check_unique(record));
    record.version = server::counted(1);
    const auto uid = record.uid;
    const auto version = record.version;
    state_->servers.emplace(uid, std::move(record));
    watchers_.notify(uid);
    co_return version;
}

Task<Result<server::Version, StoreError>> MemoryServerStore::replace(server::Record record) {
    state_->store_ahead();
    const auto stored = state_->servers.find(record.uid);
    if (stored == state_->servers.end()) co_return std::unexpected(not_found(record.uid));
    if (stored->second.version != record.version) co_return std::unexpected(moved_on(stored->second, record.version));
    CO_TRY_OK(check_unique(record));
    record.version = server::next(record.version);
    const auto uid = record.uid;
    const auto version = record.version;
    stored->second = std::move(record);
    watchers_.notify(uid);
    co_return version;
}

Task<Result<Success, StoreError>> MemoryServerStore::remove(ServerUid uid, server::Version seen) {
    state_->store_ahead();
    const auto stored = state_->servers.find(uid);
    if (stored == state_->servers.end()) co_return std::unexpected(not_found(uid));
    if (stored->second.version != seen) co_return std::unexpected(moved_on(stored->second, seen));
    state_->servers.erase(stored);
    watchers_.notify(uid);
    co_return Success{};
}

Task<Result<server::Record, StoreError>> MemoryServerStore::get(ServerUid uid) {
    const auto stored = state_->servers.find(uid);
    if (stored == state_->servers.end()) co_return std::unexpected(not_found(uid));
    co_return stored->second;
}

Task<Result<server::Record, StoreError>> MemoryServerStore::find(std::string space, std::string id) {
    for (const auto& [uid, record] : state_->servers) {
        if (record.space == space && record.id == id) co_return record;
    }
    co_return std::unexpected(StoreError{StoreError::Kind::not_found, fmt::format("there is no server {}/{}", space, id)});
}

Task<Result<std::vector<server::Record>, StoreError>> MemoryServerStore::list() {
    std::vector<server::Record> all;
    all.reserve(state_->servers.size());
    for (const auto& [uid, record] : state_->servers) all.push_back(record);
    std::ranges::sort(all, {}, [](const server::Record& record) { return std::tie(record.space, record.id); });
    co_return all;
}

std::shared_ptr<void> MemoryServerStore::watch(Changed changed) { return watchers_.add(std::move(changed)); }

Result<Success, StoreError> MemoryServerStore::check_unique(const server::Record& record) const {
    for (const auto& [uid, other] : state_->servers) {
        if (uid == record.uid) continue;
        if (other.space == record.space && other.id == record.id) {
            return std::unexpected(taken(fmt::format("the name {}/{}", record.space, record.id), other));
        }
        if (other.slot == record.slot) return std::unexpected(taken(fmt::format("slot {}", record.slot), other));
        if (const auto* port = shared_port(record, other)) {
            return std::unexpected(taken(fmt::format("port {}/{}", std::to_underlying(port->open), name_of(port->protocol)), other));
        }
    }
    return Success{};
}

}  // namespace gk::memory
